#ifndef GENERATE_PROFILE_H
#define GENERATE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

/* The device that a user has: the texts between the fields that vary. */
struct generate_device {
    bool upper_case_ids;
    const char *maker; /* from data_type to device_id */
    const char *model; /* from device_manufacturer to device_type */
    const char *library;
    const char *system; /* os_name and os_version */
    const char *platform;
    const char *version; /* of the app, in quotes, or null */
};

/* Where a user lives; as JSON text without quotes. */
struct generate_place {
    const char *city;
    const char *country;
    const char *region;
    const char *language;
};

/* Local. One of the devices or places that there are, for any number. */
const struct generate_device *generate_device(uint64_t random);
const struct generate_place *generate_place(uint64_t random);

#endif
