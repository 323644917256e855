// otpd's answers as text.

#include "otpctl/answers.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace otpd::otpctl;
namespace json = boost::json;

namespace {

json::object object(std::string_view text) {
    return json::parse(text).as_object();
}

std::string words(std::string_view event, int wrong_before = 0) {
    return words_of(object(event), wrong_before);
}

} // namespace

BOOST_AUTO_TEST_SUITE(otpctl_answers)

BOOST_AUTO_TEST_CASE(columns_are_as_wide_as_their_widest_text) {
    BOOST_TEST(table({{"A", "B"}, {"long", "x"}, {"", "y"}}) == "A     B\nlong  x\n      y\n");
    BOOST_TEST(table({{"é", "B"}, {"ab", "C"}}) == "é   B\nab  C\n");
}

BOOST_AUTO_TEST_CASE(each_event_is_told_in_words) {
    BOOST_TEST(words(R"({"at":"x","event":"admitted","country":"NL","route_plan":"login",
                         "limits":"number_10m 4/5"})") ==
               "admitted, country NL, route plan login; left: number_10m 4/5");
    BOOST_TEST(words(R"({"event":"step","route_id":8,"outcome":"chosen","price":0.094})") ==
               "route 8 chosen, expected price 0.094");
    BOOST_TEST(words(R"({"event":"step","route_id":8,"outcome":"rejected","reason":"vendor_failed",
                         "price":0.094})") ==
               "route 8 refused by BridgeXAPI: vendor_failed (price 0.094)");
    BOOST_TEST(words(R"({"event":"step","route_id":3,"outcome":"skipped","reason":"country"})") ==
               "route 3 skipped: country");
    BOOST_TEST(
        words(R"({"event":"step","route_id":3,"outcome":"not_sent","reason":"timed_out"})") ==
        "route 3 not reached: timed_out");
    BOOST_TEST(words(R"({"event":"step","route_id":3,"outcome":"hedged","price":0.05})") ==
               "route 3 chosen for a second message, expected price 0.05");
    BOOST_TEST(words(R"({"event":"accepted","route_id":3,"price":0.032,"cost":0.032,
                         "order_id":"22000","bx_message_id":"bx_17"})") ==
               "sent over route 3 for 0.032, accepted as bx_17, order 22000");
    BOOST_TEST(words(R"({"event":"unknown","route_id":3,"reason":"timed_out"})") ==
               "may have been sent over route 3: timed_out");
    BOOST_TEST(words(R"({"event":"delivery","status":"SENT"})") == "on its way: SENT");
    BOOST_TEST(words(R"({"event":"delivery","status":"DELIVERED","seconds":3})") ==
               "delivered after 3 s");
    BOOST_TEST(words(R"({"event":"delivery","status":"FAILED","seconds":32,
                         "error":"absent_subscriber"})") ==
               "not delivered: absent_subscriber, after 32 s");
    BOOST_TEST(words(R"({"event":"delivery","reason":"not_sent"})") == "not sent after all");
    BOOST_TEST(words(R"({"event":"verified"})") == "verified");
    BOOST_TEST(words(R"({"event":"canceled"})") == "canceled by the application");
}

BOOST_AUTO_TEST_CASE(wrong_guesses_are_counted) {
    BOOST_TEST(words(R"({"event":"wrong_code"})") == "wrong guess (1)");
    BOOST_TEST(words(R"({"event":"wrong_code"})", 1) == "wrong guess (2)");
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_shown_as_it_is) {
    BOOST_TEST(words(R"({"event":"verified","by_magic":true,"n":1.5})") ==
               "verified (by magic yes, n 1.5)");
    BOOST_TEST(words(R"({"event":"teleported","to":"moon"})") == "teleported (to moon)");
}

BOOST_AUTO_TEST_CASE(control_characters_do_not_reach_the_terminal) {
    BOOST_TEST(words("{\"event\":\"delivery\",\"status\":\"FAILED\",\"error\":\"\\u001b[2J\"}") ==
               "not delivered: ?[2J");
}

BOOST_AUTO_TEST_CASE(a_story_has_a_head_and_its_days) {
    auto const text = story_of(object(R"({"verification_id":"ab","purpose":"login",
        "state":"active","delivery":"accepted","expires_in_seconds":95,"attempts_left":4,
        "route_id":3,"bx_message_id":"bx_1","order_id":null,"cost":0.032,"currency":"EUR",
        "events":[{"at":"2026-11-30T23:59:59.770Z","event":"accepted","route_id":3},
                  {"at":"2026-12-01T00:00:09.000Z","event":"wrong_code"},
                  {"at":"2026-12-01T00:00:19.000Z","event":"wrong_code"}]})"));
    BOOST_TEST(text == "verification  ab\n"
                       "purpose       login\n"
                       "code          active, 1m35s and 4 attempts left\n"
                       "message       accepted, route 3, cost 0.032 EUR, bx_1\n"
                       "\n"
                       "2026-11-30 UTC\n"
                       "23:59:59 sent over route 3\n"
                       "2026-12-01 UTC\n"
                       "00:00:09 wrong guess (1)\n"
                       "00:00:19 wrong guess (2)\n");
}

BOOST_AUTO_TEST_CASE(a_number_has_its_clients_verifications_and_limits) {
    auto const text = found_text(object(R"({"phone_number":"*******5678","clients":[
        {"client":"shop","known_devices":1,"wrong_guesses":20,"wrong_guesses_max":20,
         "locked_for_seconds":5400,"devices_locked_for_seconds":60,
         "cooldowns":[{"purpose":"login","known_device":false,"retry_after_seconds":45}],
         "verifications":[{"verification_id":"ab","purpose":"login",
         "status":"active","created_at":"2026-11-30T14:02:11.123Z","message":{"status":"failed",
         "route_id":3,"bx_message_id":"bx_1","cost":0.032,"error":"absent"}}]}],
        "limits":[{"name":"number_10m","key":"number","limit":5,"remaining":4,"reset_seconds":120,
         "observe":false},{"name":"mine","key":"prefix","client":"shop","limit":9,"remaining":0,
         "reset_seconds":3600,"observe":true},{"name":"pumping_prefix","key":"prefix",
         "limit":10,"remaining":12,"reset_seconds":0,"observe":false}],
        "destination":{"country":"NL","verdict":"denied","why":"numbers.denied","denied_clients":["a","b"]}})"));
    BOOST_TEST(text == "number *******5678, NL, denied: numbers.denied; denied to a, b\n"
                       "\n"
                       "CLIENT  KNOWN DEVICES  WRONG GUESSES  LOCKED FOR         COOLDOWN\n"
                       "shop    1              20 of 20       1h30m, devices 1m  login 45s\n"
                       "\n"
                       "CREATED              CLIENT  PURPOSE  STATUS  MESSAGE         ROUTE  COST "
                       "  ID\n"
                       "2026-11-30 14:02:11  shop    login    active  failed: absent  3      0.032"
                       "  ab\n"
                       "\n"
                       "LIMIT                    LEFT  OF  FULL AGAIN IN\n"
                       "number_10m (number)      4     5   2m\n"
                       "mine (prefix) of shop    0     9   1h             observes only\n"
                       "pumping_prefix (prefix)  10    10  0s\n");
    BOOST_TEST(found_text(object(R"({"phone_number":"*5","clients":[],"destination":
        {"country":"NL","verdict":"allowed","why":null,"trusted":true}})")) ==
               "number *5, NL, allowed; trusted\nno client knows it\n");
    BOOST_TEST(found_text(object(R"({"phone_number":"*5","clients":[]})")) ==
               "number *5\nno client knows it\n");
}

BOOST_AUTO_TEST_CASE(other_answers_are_lines_and_tables) {
    BOOST_TEST(described(object(R"({"status":"reloaded","changed":["log.level","a.b"],
                                    "restart_needed":[]})")) == "status          reloaded\n"
                                                                "changed         log.level, a.b\n"
                                                                "restart_needed  -\n");
    BOOST_TEST(described(object(R"({"clients":[{"client":"a","tokens":1},
                                               {"client":"b","routes":[1,2]}]})")) ==
               "clients:\n"
               "CLIENT  TOKENS  ROUTES\n"
               "a       1       -\n"
               "b       -       1, 2\n");
}

BOOST_AUTO_TEST_CASE(stats_name_faults_first_and_sum_latencies_up) {
    auto const text =
        stats_text(object(R"({"at":"t","uptime_seconds":90061,"version":"1","ready":true,
        "faults":["the store does not answer"],"counters":{"sends":{"accepted":7}},
        "latencies":{"send":{"buckets":[[0.01,1],[0.1,99],[1,100]],"count":100,"sum":3.5}},
        "gauges":{"live_codes":3}})"));
    BOOST_TEST(text == "version                  1\n"
                       "at                       t\n"
                       "running for              1d1h\n"
                       "ready                    yes\n"
                       "FAULT                    the store does not answer\n"
                       "counters.sends.accepted  7\n"
                       "gauges.live_codes        3\n"
                       "latencies.send           half within 0.1 s, 99 % within 0.1 s\n");
}

BOOST_AUTO_TEST_CASE(a_problem_lists_every_fault) {
    BOOST_TEST(problem_text(object(R"({"detail":"The body is wrong.","code":"validation_failed",
        "errors":[{"loc":["body","x"],"msg":"Field required"},{"msg":"b"},"c"]})")) ==
               "The body is wrong. [validation_failed]\n  Field required\n  b\n  c");
}

BOOST_AUTO_TEST_CASE(times_have_two_units_at_most) {
    BOOST_TEST(duration_text(0) == "0s");
    BOOST_TEST(duration_text(45) == "45s");
    BOOST_TEST(duration_text(3600) == "1h");
    BOOST_TEST(duration_text(3601) == "1h");
    BOOST_TEST(duration_text(5400) == "1h30m");
    BOOST_TEST(duration_text(90'061) == "1d1h");
}

BOOST_AUTO_TEST_SUITE_END()
