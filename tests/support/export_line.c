#include "support/export_line.h"

#include "support/random.h"

#include <stdio.h>

static unsigned draw(uint64_t *state, unsigned below)
{
    return (unsigned)random_below(state, below);
}

size_t export_line(char to[EXPORT_LINE_ROOM], const char *type, uint64_t *state)
{
    unsigned user = draw(state, 1000000);
    char time[64];
    snprintf(time, sizeof time, "2025-07-%02u %02u:%02u:%02u.%03u000", 1 + draw(state, 28),
             draw(state, 24), draw(state, 60), draw(state, 60), draw(state, 1000));
    int bytes = snprintf(
        to, EXPORT_LINE_ROOM,
        "{\"$insert_id\":\"%08X-5AC8-4304-B150-F1DB9D8470D3\",\"$insert_key\":null,"
        "\"$schema\":null,\"adid\":null,\"amplitude_attribution_ids\":"
        "[\"c37ee2320953c639c7240c033f12d2c6\"],\"amplitude_event_type\":null,"
        "\"amplitude_id\":%u54004088,\"app\":636686,\"city\":\"Kuala Lumpur\","
        "\"client_event_time\":\"%s\",\"client_upload_time\":\"%s\",\"country\":\"Malaysia\","
        "\"data\":{\"path\":\"/2/httpapi\",\"user_properties_updated\":true,"
        "\"group_first_event\":{},\"group_ids\":{}},\"data_type\":\"event\","
        "\"device_brand\":null,\"device_carrier\":\"Unknown\",\"device_family\":\"Apple arm64\","
        "\"device_id\":\"6B498BEE-1DE4-4E19-8F78-643206F0896A\",\"device_manufacturer\":null,"
        "\"device_model\":null,\"device_type\":\"Apple iPhone\",\"dma\":null,\"event_id\":%u,"
        "\"event_properties\":{\"course_id\":%u,\"lesson_id\":%u,\"time_spent_sec\":%u.%u,"
        "\"course_progress\":0.%u,\"entry_point\":\"home\"},\"event_time\":\"%s\","
        "\"event_type\":\"%s\",\"global_user_properties\":null,\"group_properties\":{},"
        "\"groups\":{},\"idfa\":null,\"ip_address\":\"192.0.2.1\",\"is_attribution_event\":null,"
        "\"language\":\"English\",\"library\":\"amplitude-flutter/4.3.2_amplitude-swift/1.13.6\","
        "\"location_lat\":null,\"location_lng\":null,\"os_name\":\"ios\",\"os_version\":\"18.5\","
        "\"partner_id\":null,\"paying\":null,\"plan\":{},\"platform\":\"iOS\","
        "\"processed_time\":\"%s\",\"region\":\"Selangor\",\"sample_rate\":null,"
        "\"server_received_time\":\"%s\",\"server_upload_time\":\"%s\","
        "\"session_id\":1751254640623,\"source_id\":null,\"start_version\":\"1.0.80\","
        "\"user_creation_time\":null,\"user_id\":\"%08x-afd2-4a8a-a2e6-e6f658b995bc\","
        "\"user_properties\":{\"plan\":\"premium\",\"goal\":\"speak, read\",\"age\":%u,"
        "\"level\":\"B%u\"},\"uuid\":\"%08x-7c25-4992-8d41-dcdbd556c1a9\","
        "\"version_name\":\"1.0.81\"}\n",
        draw(state, UINT32_MAX), user, time, time, draw(state, 1000), 1 + draw(state, 20),
        1 + draw(state, 60), draw(state, 3000), draw(state, 10), draw(state, 100), time, type, time,
        time, time, user * 2654435761U, 18 + draw(state, 50), 1 + draw(state, 2),
        draw(state, UINT32_MAX));
    return (size_t)bytes;
}
