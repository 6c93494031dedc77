/* Writing the health. docs/control.md lists the keys; they are stable. */
#include "src/daemon/control/health_result.h"

#include <stdio.h>

#include "src/daemon/control/results.h"

void skad_health_reasons(const skad_health_report *report, skad_writer *writer)
{
    size_t count = 0;
    for (size_t i = 0; i < SKAD_HEALTH_CHECK_COUNT; i++) {
        count += report->checks[i].state != SKAD_HEALTH_OK;
    }
    skad_result_key(writer, "reasons");
    skad_write_array(writer, count);
    for (int state = SKAD_HEALTH_FAILING; state > SKAD_HEALTH_OK; state--) {
        for (size_t i = 0; i < SKAD_HEALTH_CHECK_COUNT; i++) {
            char text[SKAD_HEALTH_TEXT_BYTES + 32];
            if ((int)report->checks[i].state == state) {
                (void)snprintf(text, sizeof text, "%s: %s",
                               skad_health_check_name((skad_health_check)i),
                               report->checks[i].text);
                skad_write_str(writer, text);
            }
        }
    }
}

void skad_health_result(const skad_health *health, skad_writer *writer)
{
    static const skad_health none;
    skad_health_report report;
    skad_health_judge(health == NULL ? &none : health, &report);
    skad_result_map(writer, 3);
    skad_result_str(writer, "verdict", skad_health_verdict_name(report.verdict));
    skad_health_reasons(&report, writer);
    skad_result_key(writer, "checks");
    skad_write_map(writer, SKAD_HEALTH_CHECK_COUNT);
    for (size_t i = 0; i < SKAD_HEALTH_CHECK_COUNT; i++) {
        skad_result_key(writer, skad_health_check_name((skad_health_check)i));
        skad_write_map(writer, 2);
        skad_result_str(writer, "state", skad_health_verdict_name(report.checks[i].state));
        skad_result_str(writer, "text", report.checks[i].text);
    }
}
