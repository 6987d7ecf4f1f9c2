#include "support/reference_decoder.h"

#include "course_funnel/simd.h"

/*
 * For ARM the decoder in plain C stands for the reference, as there is no cJSON to link with. Other
 * builds hold it to the slow decoder. Without NEON there would be nothing to compare: that fails.
 */

int reference_decode(const char *line, size_t bytes, struct reference *reference)
{
    static struct decoder *decoder;
    struct failure failure = {0};
    if (simd_best() != SIMD_NEON || (decoder == NULL && decode_create(&decoder, &failure) != 0))
        return -1;
    *reference = (struct reference){.judged = true};
    decode_set_level(decoder, SIMD_PLAIN);
    reference->result = decode_line(decoder, line, bytes, &reference->event, &reference->reason);
    reference->whole = reference->result != DECODE_REJECT || reference->reason != REJECT_NOT_JSON;
    reference->has_id =
        reference->result == DECODE_EVENT && reference->event.fingerprint != EVENT_NO_FINGERPRINT;
    return 0;
}

const char *reference_next(const char *at, const char *end, size_t *bytes)
{
    return decode_next(at, end, bytes);
}

void reference_clear(struct reference *reference)
{
    (void)reference;
}
