// Every later build must read the states that an earlier build of this format has stored, and write
// them unchanged. A failing test here means that the format has changed, which needs another format
// byte.

#include "states.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>

using namespace otpd::store;
using namespace otpd::store::state;
using namespace otpd::test;

namespace {

std::string hex_of(std::string_view bytes) {
    std::string text;
    for (char const c : bytes) {
        constexpr std::string_view digits = "0123456789abcdef";
        text += digits[static_cast<std::uint8_t>(c) >> 4U];
        text += digits[static_cast<std::uint8_t>(c) & 0xfU];
    }
    return text;
}

/// Reads hexadecimal digits in lines of any length.
std::string golden(std::string const& name) {
    std::ifstream in(OTPD_GOLDEN_STATES "/" + name + ".hex");
    std::string bytes;
    for (char high = 0, low = 0; in >> high >> low;)
        bytes += static_cast<char>(std::stoi(std::string{high, low}, nullptr, 16));
    return bytes;
}

template <class State>
void check_golden(std::string const& name, State const& expected) {
    std::string written;
    encode(written, expected, 0x0123'4567'89ab'cdef);
    auto const kept = golden(name);
    BOOST_TEST(hex_of(written) == hex_of(kept), name << " is written as " << hex_of(written));
    State read;
    BOOST_REQUIRE_MESSAGE(decode(kept, read), name << " cannot be read");
    BOOST_TEST(same(read, expected), name << " says something else");
}

/// All parts that a number's state can have, in two scopes.
number_state full_number() {
    auto state = typical_number();
    state.verifications.reserve(3);
    auto& second = state.verifications.emplace_back();
    second.id = id_of(3);
    second.scope = "bank:payment";
    second.code_state = progress::pending;
    second.admitted = some_time + 90s + 17ms;
    second.retained_until = second.admitted + 24h;
    second.lease_end = second.admitted + 30s;
    second.code = 2;
    state.codes.push_back({2,
                           {70'000, id_of(4), 10},
                           second.admitted - 45s,
                           second.admitted + 120s,
                           {{requester(), 2}, {requester{std::byte{7}}, 300}}});
    second.by = requester{std::byte{7}};
    second.whose = requester_class::known_device;
    second.device = second.by;
    second.is_guessed = true;
    second.reference = "order_id=4711";
    second.is_sample = true;
    second.sent = packed_receipt(receipt{-40, "A-7", "other id", std::nullopt});
    second.taken = {40'000, 3};
    second.hedge = hedge_state{delivery::failed,
                               packed_receipt(receipt{2, "22954", "BX-22954-00f4f53431ed22c2", {}}),
                               2, second.admitted + 30s};
    std::size_t n = 0;
    for (auto const kind : {event_type::admitted, event_type::accepted, event_type::unknown,
                            event_type::wrong, event_type::verified, event_type::replaced,
                            event_type::canceled, event_type::step, event_type::delivery})
        second.events.add(kind, duration(100 * n++),
                          kind == event_type::step ? "\xc3\xa9%20x" : "");
    auto& third = state.verifications.emplace_back(state.verifications[0]);
    third.id = id_of(5);
    third.end(progress::verified);
    third.taken = {1, 1};
    state.limits.push_back({"of_another_config", some_time + 1us});
    state.cooldowns.push_back({"bank:payment", requester_class::known_device, 2, second.admitted,
                               second.admitted + 45s, second.admitted + 1h});
    state.guesses = {{{}, guess_kind::common, 3, some_time - 4567ms, some_time + 25h},
                     {second.by, guess_kind::of_id, 1, some_time, some_time + 25h},
                     {second.by, guess_kind::of_devices, 2, some_time, some_time + 25h}};
    state.guess_from = {some_time + 110s, some_time + 95s};
    state.devices = {{second.by, some_time - 24h}, {{std::byte{8}}, some_time - 30 * 24h}};
    state.escalations = {some_time - 2h, some_time};
    state.verified_at = some_time - 24h;
    state.untyped = {200, 1};
    state.failures_in_a_row = 300;
    state.last_failure = some_time + 80s;
    return state;
}

shared_state full_shared() {
    shared_state state;
    state.add_field("client_1m").stored = (some_time + 30s).time_since_epoch().count();
    state.add_guard(some_time, 120s);
    std::int64_t value = 1000;
    for (auto& field : state.fields)
        if (field.name != "client_1m") field.stored = value++;
    for (auto& field : state.fields)
        field.current = field.stored;
    return state;
}

shared_state some_sum() {
    shared_state state;
    auto& sum = state.add_field(field_name::sum);
    sum.stored = sum.current = 87'000;
    state.sum_end = some_time + 33 * 24h;
    return state;
}

record some_record(bool settled) {
    state::record record;
    record.is_kept = true;
    record.is_settled = settled;
    record.fingerprint = id_of(9);
    record.lease_end = some_time + 30s;
    record.retained_until = some_time + 24h;
    if (settled) record.text = R"({"status":"accepted"})";
    return record;
}

record some_secrets() {
    state::record record;
    record.is_kept = record.is_settled = true;
    record.fingerprint = id_of(11);
    record.text = std::to_string(0xc0de'5eed);
    record.lease_end = some_time;
    record.retained_until = some_time + 3650 * 24h;
    return record;
}

} // namespace

BOOST_AUTO_TEST_SUITE(golden_states)

BOOST_AUTO_TEST_CASE(yesterdays_bytes_are_read_tomorrow) {
    check_golden("number_typical", typical_number());
    check_golden("number_full", full_number());
    check_golden("shared_full", full_shared());
    check_golden("shared_sum", some_sum());
    check_golden("request_leased", some_record(false));
    check_golden("request_settled", some_record(true));
    check_golden("secrets", some_secrets());
}

// The key of a budget must not change as long as sums are stored under it.
BOOST_AUTO_TEST_CASE(a_budget_has_the_same_key_for_ever) {
    auto const key = budget_state_key({id_of(1), "daily", "2026-11-03"});
    std::string bytes;
    writer(bytes).bytes(key.hash);
    BOOST_TEST(hex_of(bytes) == hex_of(golden("budget_key")), hex_of(bytes));
    BOOST_TEST((key != budget_state_key({id_of(1), "daily", "2026-11-04"})));
    BOOST_TEST((key != budget_state_key({id_of(1), "monthly", "2026-11-03"})));
    BOOST_TEST((key != budget_state_key({id_of(2), "daily", "2026-11-03"})));
    BOOST_TEST((budget_state_key({id_of(1), "a", "1"}) != budget_state_key({id_of(1), "1", "a"})));
}

BOOST_AUTO_TEST_SUITE_END()
