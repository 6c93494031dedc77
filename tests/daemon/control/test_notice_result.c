/* What subscribers read of each kind of event: the keys that docs/control.md names, and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "src/daemon/control/notice_result.h"
#include "tests/support/result.h"

static const skad_time NOW = {.mono_us = 100 * SKAD_US_PER_S, .unix_s = 1700000000};

static skad_answer write_notice(const skad_notice *notice)
{
    skad_notice_result(notice, NOW, test_result_begin());
    skad_answer value = test_result_end();
    test_result_expect_text(skad_answer_get(value, "kind"), skad_control_kind_name(notice->kind));
    test_result_expect(value, "unix_s", NOW.unix_s);
    return value;
}

static const skad_ban BAN = {.scope = SKAD_BAN_PREFIX,
                             .address = {.family = SKAD_FAMILY_IPV4, .ip = {192, 0, 2, 0}},
                             .prefix_bits = 24,
                             .reason = SKAD_BAN_RECORDS,
                             .until_us = 160 * SKAD_US_PER_S};

static void each_kind_has_its_keys(void **state)
{
    (void)state;
    static skad_health_report health = {.verdict = SKAD_HEALTH_DEGRADED};
    static const struct {
        skad_notice notice;
        const char *keys[3];
    } cases[] = {
        {{.kind = SKAD_CONTROL_KIND_JOINED, .peers = 9}, {"peers"}},
        {{.kind = SKAD_CONTROL_KIND_ISOLATED}, {NULL}},
        {{.kind = SKAD_CONTROL_KIND_BAN, .ban = &BAN}, {"subject", "reason", "left_s"}},
        {{.kind = SKAD_CONTROL_KIND_UNBAN, .ban = &BAN}, {"subject"}},
        {{.kind = SKAD_CONTROL_KIND_STORE_FAILURE, .error = "full"}, {"error", "failures"}},
        {{.kind = SKAD_CONTROL_KIND_STORE_RECOVERED}, {"failures"}},
        {{.kind = SKAD_CONTROL_KIND_RELOAD, .changed = "join"}, {"changed"}},
        {{.kind = SKAD_CONTROL_KIND_RELOAD, .refused = "no"}, {"refused"}},
        {{.kind = SKAD_CONTROL_KIND_TWIN, .twin = {.family = SKAD_FAMILY_IPV4}}, {"address"}},
        {{.kind = SKAD_CONTROL_KIND_HEALTH, .health = &health}, {"verdict", "before", "reasons"}},
        {{.kind = SKAD_CONTROL_KIND_LOST, .count = 3}, {"count"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_answer value = write_notice(&cases[i].notice);
        size_t keys = 0;
        for (; keys < 3 && cases[i].keys[keys] != NULL; keys++) {
            if (skad_answer_get(value, cases[i].keys[keys]).item == NULL) {
                fail_msg("%s lacks %s", skad_control_kind_name(cases[i].notice.kind),
                         cases[i].keys[keys]);
            }
        }
        assert_int_equal(value.item->count, 2 + keys);
    }
}

static void a_ban_is_told_as_bans_shows_it(void **state)
{
    (void)state;
    const skad_notice notice = {.kind = SKAD_CONTROL_KIND_BAN, .ban = &BAN};
    skad_answer value = write_notice(&notice);
    test_result_expect_text(skad_answer_get(value, "subject"), "192.0.2.0/24");
    test_result_expect_text(skad_answer_get(value, "reason"), "records");
    test_result_expect(value, "left_s", 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_keys),
        cmocka_unit_test(a_ban_is_told_as_bans_shows_it),
    };
    return cmocka_run_group_tests_name("notices", tests, NULL, NULL);
}
