/* Writing lines. */
#include "src/daemon/metrics/exposition.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void skad_exposition_init(skad_exposition *self, char *text, size_t cap)
{
    *self = (skad_exposition){.text = text, .cap = cap};
    text[0] = 0;
}

__attribute__((format(printf, 2, 3))) static void print(skad_exposition *self, const char *format,
                                                        ...)
{
    if (self->overflow) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    const int len = vsnprintf(self->text + self->len, self->cap - self->len, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= self->cap - self->len) {
        self->text[self->len] = 0;
        self->overflow = true;
        return;
    }
    self->len += (size_t)len;
}

static void begin(skad_exposition *self, const char *name, const char *help, const char *type)
{
    self->name = name;
    print(self, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void skad_exposition_counter(skad_exposition *self, const char *name, const char *help)
{
    begin(self, name, help, "counter");
}

void skad_exposition_gauge(skad_exposition *self, const char *name, const char *help)
{
    begin(self, name, help, "gauge");
}

/* Writes the value of a label: backslash, quote and line break are escaped. */
static void print_escaped(skad_exposition *self, const char *value)
{
    for (; *value != 0; value++) {
        if (*value == '\n') {
            print(self, "\\n");
        } else {
            print(self, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
        }
    }
}

/* "name_suffix{label="value",le="bound"} " */
static void print_name(skad_exposition *self, const char *suffix, const char *label,
                       const char *label_value, const char *le)
{
    print(self, "%s%s", self->name, suffix);
    if (label != NULL) {
        print(self, "{%s=\"", label);
        print_escaped(self, label_value);
        print(self, "\"");
    }
    if (le != NULL) {
        print(self, "%sle=\"%s\"", label != NULL ? "," : "{", le);
    }
    print(self, label != NULL || le != NULL ? "} " : " ");
}

void skad_exposition_uint(skad_exposition *self, const char *label, const char *label_value,
                          uint64_t value)
{
    print_name(self, "", label, label_value, NULL);
    print(self, "%" PRIu64 "\n", value);
}

void skad_exposition_double(skad_exposition *self, const char *label, const char *label_value,
                            double value)
{
    print_name(self, "", label, label_value, NULL);
    print(self, "%.17g\n", value);
}

void skad_exposition_count_of(skad_exposition *self, const char *name, const char *help,
                              uint64_t value)
{
    skad_exposition_counter(self, name, help);
    skad_exposition_uint(self, NULL, NULL, value);
}

void skad_exposition_gauge_of(skad_exposition *self, const char *name, const char *help,
                              uint64_t value)
{
    skad_exposition_gauge(self, name, help);
    skad_exposition_uint(self, NULL, NULL, value);
}

void skad_exposition_histograms(skad_exposition *self, const char *name, const char *help)
{
    begin(self, name, help, "histogram");
}

void skad_exposition_histogram(skad_exposition *self, const char *label, const char *label_value,
                               const skad_histogram *histogram)
{
    uint64_t up_to = 0;
    for (size_t i = 0; i < SKAD_HISTOGRAM_BUCKETS; i++) {
        char bound[32];
        up_to += histogram->counts[i];
        (void)snprintf(bound, sizeof bound, "%g", (double)SKAD_HISTOGRAM_BOUNDS_US[i] / 1e6);
        print_name(self, "_bucket", label, label_value,
                   i + 1 < SKAD_HISTOGRAM_BUCKETS ? bound : "+Inf");
        print(self, "%" PRIu64 "\n", up_to);
    }
    print_name(self, "_sum", label, label_value, NULL);
    print(self, "%.6f\n", (double)histogram->sum_us / 1e6);
    print_name(self, "_count", label, label_value, NULL);
    print(self, "%" PRIu64 "\n", histogram->count);
}
