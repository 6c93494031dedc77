#include "src/sim/report/gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/sim/base/memory.h"

#define WIDTH 760

extern char **environ;

const char *const skad_sim_colours[SKAD_SIM_COLOURS] = {"#0072b2", "#e69f00", "#009e73", "#cc79a7",
                                                        "#56b4e9", "#d55e00", "#999933", "#882255"};

/* ---- Running ---- */

static bool fail(char *reason, const char *what, const char *why)
{
    (void)snprintf(reason, SKAD_SIM_GNUPLOT_REASON_BYTES, "%s%s", what, why);
    return false;
}

/* Starts gnuplot with these as its input, output and errors. */
static int start(pid_t *pid, FILE *in, FILE *out, FILE *errors)
{
    static char program[] = "gnuplot";
    char *const arguments[] = {program, NULL};
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&actions, fileno(errors), STDERR_FILENO);
    int error = posix_spawnp(pid, program, &actions, NULL, arguments, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

static char *read_all(FILE *file)
{
    char *text = NULL;
    size_t len = 0;
    FILE *stream = skad_sim_must(open_memstream(&text, &len));
    rewind(file);
    for (int one = 0; (one = fgetc(file)) != EOF;) {
        (void)fputc(one, stream);
    }
    (void)fclose(stream);
    return text;
}

/* The last line that gnuplot complained in. */
static bool tell_error(FILE *errors, char *reason)
{
    char *text = read_all(errors);
    for (char *at = text; *at != 0; at++) {
        if (*at == '\n') {
            *at = ' ';
        }
    }
    (void)snprintf(reason, SKAD_SIM_GNUPLOT_REASON_BYTES, "gnuplot failed: %.200s", text);
    free(text);
    return false;
}

static bool run(const char *script, char **out, char *reason)
{
    FILE *in = skad_sim_must(tmpfile());
    FILE *drawn = skad_sim_must(tmpfile());
    FILE *errors = skad_sim_must(tmpfile());
    pid_t pid = 0;
    int status = 0;
    bool good = true;
    (void)fputs(script, in);
    (void)fflush(in);
    rewind(in);
    int error = start(&pid, in, drawn, errors);
    if (error == ENOENT) {
        good = fail(reason,
                    "there is no gnuplot: install it (apt-get install gnuplot-nox), or give "
                    "--csv without -o",
                    "");
    } else if (error != 0) {
        good = fail(reason, "cannot start gnuplot: ", strerror(error));
    } else if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        good = tell_error(errors, reason);
    } else {
        *out = read_all(drawn);
    }
    (void)fclose(in);
    (void)fclose(drawn);
    (void)fclose(errors);
    return good;
}

/* ---- Making it fit a page ---- */

/* Copies one piece of text if it is next; its length, 0 where it is not. */
static size_t replace(FILE *out, const char *at, const char *from, const char *to)
{
    const size_t len = strlen(from);
    if (strncmp(at, from, len) != 0) {
        return 0;
    }
    (void)fputs(to, out);
    return len;
}

/* Ink becomes currentColor, IDs get the name in front, and titles, which would show as tooltips,
 * go. */
static void copy_body(FILE *out, const char *at, const char *name)
{
    char ids[96];
    char uses[96];
    char textbox[96];
    char greybox[96];
    (void)snprintf(ids, sizeof ids, "id='%s-gp", name);
    (void)snprintf(uses, sizeof uses, "#%s-gp", name);
    (void)snprintf(textbox, sizeof textbox, "id='%s-textbox'", name);
    (void)snprintf(greybox, sizeof greybox, "id='%s-greybox'", name);
    const char *const pairs[][2] = {
        {"'black'", "'currentColor'"},
        {"\"black\"", "\"currentColor\""},
        {"id='gp", ids},
        {"#gp", uses},
        {"id='textbox'", textbox},
        {"id='greybox'", greybox},
        {"<g id=\"gnuplot_canvas\">", "<g>"},
        {" xmlns:xlink=\"http://www.w3.org/1999/xlink\"", ""},
        {"xlink:href", "href"},
    };
    while (*at != 0) {
        size_t len = 0;
        if (strncmp(at, "<title>", 7) == 0) {
            const char *end = strstr(at, "</title>");
            at = end != NULL ? end + strlen("</title>") : at + 7;
            continue;
        }
        for (size_t i = 0; len == 0 && i < sizeof pairs / sizeof pairs[0]; i++) {
            len = replace(out, at, pairs[i][0], pairs[i][1]);
        }
        if (len == 0) {
            (void)fputc(*at, out);
        }
        at += len > 0 ? len : 1;
    }
}

static bool fit(const char *drawn, const char *name, const char *title, unsigned height, char **svg,
                char *reason)
{
    size_t len = 0;
    const char *body = drawn != NULL ? strstr(drawn, "</desc>") : NULL;
    if (body == NULL) {
        return fail(reason, "gnuplot drew nothing", "");
    }
    FILE *out = skad_sim_must(open_memstream(svg, &len));
    (void)fprintf(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" role=\"img\" "
                  "id=\"%s\" aria-label=\"%s\">\n",
                  WIDTH, height, name, title);
    copy_body(out, body + strlen("</desc>"), name);
    (void)fclose(out);
    return true;
}

bool skad_sim_gnuplot(const char *script, const char *name, const char *title, unsigned height,
                      char **svg, char reason[static SKAD_SIM_GNUPLOT_REASON_BYTES])
{
    char *whole = NULL;
    char *drawn = NULL;
    size_t len = 0;
    char plain[96]; /* as gnuplot wants it */
    (void)snprintf(plain, sizeof plain, "%s", name);
    for (char *at = plain; *at != 0; at++) {
        if (*at == '-') {
            *at = '_';
        }
    }
    FILE *stream = skad_sim_must(open_memstream(&whole, &len));
    (void)fprintf(stream,
                  "set encoding utf8\n"
                  "set terminal svg size %d,%u font \"sans-serif,13\" name \"%s\" noenhanced\n"
                  "set border 3 lw 1\nset tics nomirror out scale 0.5\n"
                  "set grid lt 1 lw 0.4 lc rgb \"#9a9a9a\"\n"
                  "set key outside right top vertical Left reverse samplen 2\n"
                  "set style fill transparent solid 0.18 noborder\n%s",
                  WIDTH, height, plain, script);
    (void)fclose(stream);
    bool good = run(whole, &drawn, reason) && fit(drawn, name, title, height, svg, reason);
    free(whole);
    free(drawn);
    return good;
}

bool skad_sim_svg_write(const char *path, const char *svg)
{
    const char *body = strstr(svg, ">\n");
    FILE *file = fopen(path, "we");
    if (file == NULL || body == NULL) {
        return false;
    }
    (void)fprintf(file, "%.*s>\n", (int)(body - svg), svg);
    (void)fputs("<style>svg{color:#1d2125;background:#fff}@media(prefers-color-scheme:dark)"
                "{svg{color:#e3e6e9;background:#16191d}}</style>",
                file);
    (void)fputs(body + 1, file);
    return fclose(file) == 0;
}
