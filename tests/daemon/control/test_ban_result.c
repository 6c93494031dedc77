/* Subjects of bans as text: what is one, what is none, and that it comes back as it was written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/daemon/control/ban_result.h"

static bool parse(const char *text, skad_ban *out)
{
    return skad_ban_parse((skad_span){(const uint8_t *)text, strlen(text)}, out);
}

static void subjects_come_back_as_they_were_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *shown;
        uint8_t family; /* NONE: it is an ID */
    } cases[] = {
        {"192.0.2.7", "192.0.2.7/32", SKAD_FAMILY_IPV4},
        {"192.0.2.0/24", "192.0.2.0/24", SKAD_FAMILY_IPV4},
        {"0.0.0.0/0", "0.0.0.0/0", SKAD_FAMILY_IPV4},
        {"2001:db8::1", "2001:db8::1/128", SKAD_FAMILY_IPV6},
        {"2001:db8::/32", "2001:db8::/32", SKAD_FAMILY_IPV6},
        {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
         "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", SKAD_FAMILY_NONE},
        {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff@192.0.2.7:4700",
         "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff@192.0.2.7:4700",
         SKAD_FAMILY_IPV4},
        {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
         "@[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
         "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
         "@[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
         SKAD_FAMILY_IPV6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_ban ban;
        char shown[SKAD_BAN_TEXT_BYTES];
        assert_true(parse(cases[i].text, &ban));
        assert_int_equal(ban.address.family, cases[i].family);
        assert_int_equal(ban.scope == SKAD_BAN_ID, cases[i].family == SKAD_FAMILY_NONE);
        skad_ban_format(&ban, shown);
        assert_string_equal(shown, cases[i].shown);
        assert_true(parse(shown, &ban)); /* so 'unban' takes what 'bans' shows */
    }
}

static void what_is_no_subject_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "nobody",
        "192.0.2",
        "192.0.2.7:4700",
        "192.0.2.0/33",
        "192.0.2.0/",
        "192.0.2.0/-1",
        "192.0.2.0/+8",
        "192.0.2.0/8x",
        "2001:db8::/129",
        "/8",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff@192.0.2.7",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff@",
        "@192.0.2.7:4700",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeef",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0000000",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_ban ban;
        if (parse(cases[i], &ban)) {
            fail_msg("'%s' was taken", cases[i]);
        }
    }
    skad_ban ban;
    assert_false(skad_ban_parse((skad_span){(const uint8_t *)"1.2.3.4\0", 8}, &ban));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects_come_back_as_they_were_written),
        cmocka_unit_test(what_is_no_subject_is_refused),
    };
    return cmocka_run_group_tests_name("ban_result", tests, NULL, NULL);
}
