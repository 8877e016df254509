/* The tests of one C program: lists them, runs them in order, prints PASS and FAIL lines. */
#ifndef SUITE_H
#define SUITE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef void (*test_body)(void);
struct test_case {
    const char *name;
    test_body body;
};

static char failure[2048];
static const char *address;

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void fail(const char *format, ...)
{
    va_list args;
    if (failure[0] != '\0')
        return; /* the first reason is the one to tell */
    va_start(args, format);
    vsnprintf(failure, sizeof failure, format, args);
    va_end(args);
}

/* All three leave the test at the first failure. */
#define CHECK(truth, ...)                                                                          \
    do {                                                                                           \
        if (!(truth)) {                                                                            \
            fail(__VA_ARGS__);                                                                     \
            return;                                                                                \
        }                                                                                          \
    } while (0)
#define INT_EQUAL(expected, actual)                                                                \
    do {                                                                                           \
        long long e_ = (expected), a_ = (actual);                                                  \
        CHECK(e_ == a_, "line %d: %s is %lld, expected %lld", __LINE__, #actual, a_, e_);          \
    } while (0)
#define TEXT_EQUAL(expected, actual)                                                               \
    do {                                                                                           \
        const char *e_ = (expected), *a_ = (actual);                                               \
        CHECK(strcmp(e_, a_) == 0, "line %d: %s is %s, expected %s", __LINE__, #actual, a_, e_);   \
    } while (0)

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Waits up to 20 s until an expression is true. */
#define WAIT_UNTIL(condition)                                                                      \
    do {                                                                                           \
        double until_ = now() + 20;                                                                \
        while (!(condition)) {                                                                     \
            CHECK(now() < until_, "line %d: waited in vain until %s", __LINE__, #condition);       \
            usleep(5000);                                                                          \
        }                                                                                          \
    } while (0)

/* Asks whoever runs this program for something, such as a restart of the server. */
static int ask(const char *what)
{
    char answer[256] = "";
    printf("ASK %s\n", what);
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "DONE\n") == 0;
}

static int run_suite(const struct test_case *tests, size_t count, int argc, char **argv)
{
    int good = 1;
    if (argc != 2)
        return 2;
    if (strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < count; i++)
            puts(tests[i].name);
        return 0;
    }
    address = argv[1];
    for (size_t i = 0; i < count; i++) {
        failure[0] = '\0';
        tests[i].body();
        if (failure[0] == '\0')
            printf("PASS %s\n", tests[i].name);
        else
            printf("FAIL %s: %s\n", tests[i].name, failure);
        fflush(stdout);
        good = good && failure[0] == '\0';
    }
    return good ? 0 : 1;
}

#endif
