/* Escape sequences that every terminal of today knows (ECMA-48, xterm): the other screen, the
 * cursor, erasing to the end of a line and of the screen. */
#include "src/cli/top/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ENTER     "\033[?1049h\033[?25l"
#define LEAVE     "\033[?25h\033[?1049l"
#define HOME      "\033[H"
#define END_LINE  "\033[K\r\n"
#define ERASE_END "\033[J"

#define ROWS_DEFAULT 24
#define COLS_DEFAULT 80

static struct {
    bool drawn_on; /* stdout is a terminal */
    bool keys;     /* stdin is one */
    struct termios before;
} screen;

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
    (void)number;
    ended = 1;
}

static void catch_signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction action = {.sa_flags = 0};
        action.sa_handler = on_signal;
        sigemptyset(&action.sa_mask);
        (void)sigaction(numbers[i], &action, NULL);
    }
}

void skad_screen_begin(void)
{
    ended = 0;
    catch_signals();
    screen.drawn_on = isatty(STDOUT_FILENO) != 0;
    screen.keys = screen.drawn_on && isatty(STDIN_FILENO) != 0 &&
                  tcgetattr(STDIN_FILENO, &screen.before) == 0;
    if (screen.keys) {
        struct termios raw = screen.before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    if (screen.drawn_on) {
        (void)fputs(ENTER, stdout);
    }
}

void skad_screen_end(void)
{
    if (screen.drawn_on) {
        (void)fputs(LEAVE, stdout);
        (void)fflush(stdout);
    }
    if (screen.keys) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &screen.before);
    }
}

bool skad_screen_draw(const skad_frame *frame)
{
    struct winsize size = {.ws_row = ROWS_DEFAULT, .ws_col = COLS_DEFAULT};
    if (!screen.drawn_on) {
        for (size_t i = 0; i < frame->count; i++) {
            puts(frame->lines[i]);
        }
        puts("");
        return fflush(stdout) == 0;
    }
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 2 || size.ws_col == 0) {
        size = (struct winsize){.ws_row = ROWS_DEFAULT, .ws_col = COLS_DEFAULT};
    }
    (void)fputs(HOME, stdout);
    for (size_t i = 0; i < frame->count && i + 1 < size.ws_row; i++) {
        printf("%.*s" END_LINE, (int)size.ws_col, frame->lines[i]);
    }
    (void)fputs(ERASE_END, stdout);
    return fflush(stdout) == 0;
}

bool skad_screen_wait(int milliseconds)
{
    struct pollfd key = {.fd = screen.keys ? STDIN_FILENO : -1, .events = POLLIN};
    char pressed = 0;
    if (ended == 0 && poll(&key, 1, milliseconds) == 1) {
        if (read(STDIN_FILENO, &pressed, 1) <= 0) {
            return false; /* the terminal is gone */
        }
    }
    return ended == 0 && pressed != 'q' && pressed != 'Q';
}
