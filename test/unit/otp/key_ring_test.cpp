#include "otp/hmac.hpp"
#include "otpd/core/encoding.hpp"
#include "otpd/otp/key_ring.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace otpd;
using otpd::otp::key_ring;

namespace {

secret_string const secret_a(std::string(32, 'a'));
secret_string const secret_b(std::string(32, 'b'));
secret_string const none;

phone_number number(char const* digits) {
    return *phone_number::parse(digits);
}
purpose what(char const* name) {
    return *purpose::parse(name);
}
passcode code(char const* digits) {
    return *passcode::parse(digits);
}

auto const n = number("31651860670");

bool same(store::code_mac const& a, store::code_mac const& b) {
    return a.key_id == b.key_id && a.value == b.value;
}

bool accepts(key_ring const& ring, store::code_mac const& signed_code, char const* digits) {
    auto const candidates = ring.sign_with_all(n, what("login"), code(digits));
    return std::ranges::any_of(candidates, [&](auto const& mac) { return same(mac, signed_code); });
}

} // namespace

BOOST_AUTO_TEST_SUITE(hmacs)

// Computed with another implementation (Python's hmac) over the length-prefixed fields.
BOOST_AUTO_TEST_CASE(are_hmac_sha256_over_length_prefixed_fields) {
    std::string const key = "key";
    otpd::otp::hmac_sha256 const mac(std::as_bytes(std::span(key)));
    BOOST_TEST(to_hex(mac({"ab", "c"})) ==
               "4735b063730565f924483276f26d1464395b0c9566e471828fb818ea5354032e");
    BOOST_TEST(to_hex(mac({"a", "bc"})) ==
               "c3a351d2833ea2cf478fc38c54569be99f1d76f7bc6bcf05ad6c32666254b133");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(key_rings)

BOOST_AUTO_TEST_CASE(sign_everything_that_a_code_is_bound_to) {
    key_ring const ring(secret_a, {}, none);
    auto const mac = ring.sign(n, what("login"), code("123456"));
    BOOST_TEST(same(mac, ring.sign(n, what("login"), code("123456"))));
    BOOST_TEST(!same(mac, ring.sign(n, what("login"), code("123457"))));
    BOOST_TEST(!same(mac, ring.sign(n, what("payment"), code("123456"))));
    BOOST_TEST(!same(mac, ring.sign(number("31651860671"), what("login"), code("123456"))));
}

// R16: after a rotation the old code still verifies and new codes carry the new key's id; once the old
// key is gone, so are its codes.
BOOST_AUTO_TEST_CASE(rotate) {
    key_ring const before(secret_a, {}, none);
    key_ring const during(secret_b, {secret_a}, none);
    key_ring const after(secret_b, {}, none);
    auto const old_code = before.sign(n, what("login"), code("123456"));
    auto const new_code = during.sign(n, what("login"), code("654321"));
    BOOST_TEST(accepts(during, old_code, "123456"));
    BOOST_TEST(new_code.key_id != old_code.key_id);
    BOOST_TEST(accepts(during, new_code, "654321"));
    BOOST_TEST(accepts(after, new_code, "654321"));
    BOOST_TEST(!accepts(after, old_code, "123456"));
}

BOOST_AUTO_TEST_CASE(hold_a_key_once_however_often_it_is_listed) {
    key_ring const ring(secret_a, {secret_a, secret_b, secret_b}, none);
    BOOST_TEST(ring.sign_with_all(n, what("login"), code("1")).size() == 2U);
}

BOOST_AUTO_TEST_CASE(hash_numbers_apart_from_one_another_and_from_other_rings) {
    std::set<store::number_key> keys;
    key_ring const ring(secret_a, {}, none);
    for (int i = 0; i < 1000; ++i)
        keys.insert(ring.hash(number(std::to_string(31650000000 + i).c_str())));
    BOOST_TEST(keys.size() == 1000U);
    BOOST_TEST((ring.hash(n) != key_ring(secret_b, {}, none).hash(n)));
}

// A number secret of its own keeps limits and codes findable while the code secrets rotate.
BOOST_AUTO_TEST_CASE(keep_the_hash_of_numbers_over_a_rotation_with_a_number_secret) {
    secret_string const number_secret(std::string(32, 'n'));
    key_ring const before(secret_a, {}, number_secret);
    key_ring const after(secret_b, {secret_a}, number_secret);
    BOOST_TEST((before.hash(n) == after.hash(n)));
}

BOOST_AUTO_TEST_CASE(need_a_current_secret) {
    BOOST_CHECK_THROW(key_ring(none, {secret_a}, none), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(seal_the_place_of_a_verification_and_find_it_again) {
    key_ring const ring(secret_a, {}, none);
    store::verification_address at;
    at.number = ring.hash(n);
    at.id.fill(std::byte{7});
    auto const sealed = ring.seal(at);
    BOOST_TEST(sealed.size() == 64U);
    BOOST_TEST(sealed.substr(0, 32) == to_hex(at.id));
    BOOST_TEST(sealed.find(to_hex(at.number)) == std::string::npos);
    auto const opened = ring.open(sealed);
    BOOST_REQUIRE(opened.has_value());
    BOOST_TEST((opened->id == at.id && opened->number == at.number));

    auto other = at;
    other.id.fill(std::byte{8});
    BOOST_TEST(ring.seal(other).substr(32) != sealed.substr(32)); // one number, nothing alike
    // Rotating the key that signs codes leaves ids valid as long as numbers' hashes are the same.
    key_ring const rotated(secret_b, {secret_a}, secret_a);
    BOOST_TEST((rotated.open(sealed)->number == at.number));
    for (auto const& text : {std::string(), sealed.substr(1), sealed + "0", "x" + sealed.substr(1)})
        BOOST_TEST(!ring.open(text).has_value());
}

BOOST_AUTO_TEST_CASE(keep_subjects_of_different_kinds_apart) {
    key_ring const ring(secret_a, {}, none);
    std::set<store::subject_key> keys{ring.hash(n),
                                      ring.subject({"prefix", n.digits()}),
                                      ring.subject({"client", n.digits()}),
                                      ring.subject({"client" + n.digits()}),
                                      ring.subject({"once", "a", "bc"}),
                                      ring.subject({"once", "ab", "c"})};
    BOOST_TEST(keys.size() == 6U);
    BOOST_TEST((ring.subject({"a"}) == key_ring(secret_a, {}, none).subject({"a"})));
    BOOST_TEST((ring.subject({"a"}) != key_ring(secret_b, {}, none).subject({"a"})));
}

BOOST_AUTO_TEST_CASE(say_the_same_of_subjects_of_which_there_are_few) {
    key_ring const ring(secret_a, {}, none);
    for (int round = 0; round < 2; ++round) {
        // More than are kept, and some that are alike.
        for (int i = 0; i < 2000; ++i) {
            auto const name = std::to_string(i);
            BOOST_TEST_REQUIRE(
                (ring.subject_of_few({"client", name}) == ring.subject({"client", name})));
        }
        BOOST_TEST((ring.subject_of_few({"ab", "c"}) == ring.subject({"ab", "c"})));
        BOOST_TEST((ring.subject_of_few({"a", "bc"}) == ring.subject({"a", "bc"})));
        BOOST_TEST((ring.subject_of_few({"a", "bc", ""}) == ring.subject({"a", "bc", ""})));
        BOOST_TEST((ring.subject_of_few({"everybody"}) == ring.subject({"everybody"})));
    }
}

BOOST_AUTO_TEST_CASE(remember_subjects_for_several_threads) {
    key_ring const ring(secret_a, {}, none);
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&ring, &wrong] {
                for (int i = 0; i < 300; ++i) {
                    auto const name = std::to_string(i);
                    if (ring.subject_of_few({"c", name}) != ring.subject({"c", name})) ++wrong;
                }
            });
    }
    BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
