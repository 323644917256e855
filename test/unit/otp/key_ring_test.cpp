#include "otp/crypto/hmac.hpp"
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

auto const n = number("31651860670");

store::code_seed seed_of(key_ring const& ring, std::size_t length = 6) {
    openssl_random random;
    return ring.make_seed(length, random);
}

/// Empty if the ring lacks the key.
std::string code_of(key_ring const& ring, store::code_seed const& seed, char const* client = "shop",
                    char const* purpose_name = "login", char const* digits = "31651860670") {
    auto const code = ring.code_of(seed, client, what(purpose_name), number(digits));
    return code ? std::string(code->reveal()) : std::string();
}

} // namespace

BOOST_AUTO_TEST_SUITE(sealed_texts)

BOOST_AUTO_TEST_CASE(are_opened_with_the_same_secret_and_id_only) {
    key_ring const ring(secret_a, {}, none);
    openssl_random random;
    store::verification_id id{};
    for (std::string const& text :
         {std::string(), std::string("31651860670"), std::string(5000, 'x')}) {
        auto const sealed = ring.seal_text(id, text, random);
        BOOST_TEST(ring.open_text(id, sealed).value() == text);
        BOOST_TEST(sealed.find("31651860670") == std::string::npos);
        BOOST_TEST(!key_ring(secret_b, {}, none).open_text(id, sealed).has_value());
        auto other = id;
        other[15] ^= std::byte{1};
        BOOST_TEST(!ring.open_text(other, sealed).has_value());
    }
}

// Codes may be signed with a new key while the number secret stays.
BOOST_AUTO_TEST_CASE(outlive_the_key_that_signs_codes) {
    openssl_random random;
    auto const sealed = key_ring(secret_a, {}, secret_b).seal_text({}, "text", random);
    BOOST_TEST(key_ring(secret_b, {}, secret_b).open_text({}, sealed).value() == "text");
}

BOOST_AUTO_TEST_CASE(are_refused_with_any_bit_changed_or_byte_missing) {
    key_ring const ring(secret_a, {}, none);
    openssl_random random;
    auto const sealed = ring.seal_text({}, "text", random);
    for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
        auto changed = sealed;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        BOOST_TEST(!ring.open_text({}, changed).has_value());
    }
    for (std::size_t size = 0; size < sealed.size(); ++size)
        BOOST_TEST(!ring.open_text({}, sealed.substr(0, size)).has_value());
}

BOOST_AUTO_TEST_CASE(differ_for_equal_texts) {
    key_ring const ring(secret_a, {}, none);
    openssl_random random;
    BOOST_TEST(ring.seal_text({}, "text", random) != ring.seal_text({}, "text", random));
}

BOOST_AUTO_TEST_SUITE_END()

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

BOOST_AUTO_TEST_CASE(derive_a_code_from_everything_that_it_is_bound_to) {
    key_ring const ring(secret_a, {}, none);
    auto const seed = seed_of(ring, 10);
    auto const code = code_of(ring, seed);
    BOOST_TEST(code.size() == 10U);
    BOOST_TEST(code_of(key_ring(secret_a, {}, secret_b), seed) == code);
    BOOST_TEST(code_of(ring, seed, "bank") != code);
    BOOST_TEST(code_of(ring, seed, "shop", "payment") != code);
    BOOST_TEST(code_of(ring, seed, "shop", "login", "31651860671") != code);
    auto other = seed;
    other.nonce[15] ^= std::byte{1};
    BOOST_TEST(code_of(ring, other) != code);
}

// otpd never wrote a length that no code has.
BOOST_AUTO_TEST_CASE(derive_codes_of_the_length_that_the_seed_says) {
    key_ring const ring(secret_a, {}, none);
    for (std::size_t length = passcode::min_length; length <= passcode::max_length; ++length)
        BOOST_TEST(code_of(ring, seed_of(ring, length)).size() == length);
    for (std::size_t const length :
         {std::size_t{0}, passcode::min_length - 1, passcode::max_length + 1})
        BOOST_TEST(code_of(ring, seed_of(ring, length)).empty());
}

// NIST SP 800-63B-4 3.2.12: all digits are equally likely. The sample is 20,000 codes of four
// digits; 0.95 and 1.05 are nearly five standard deviations from a fair digit's count, and the
// nonces are always the same.
BOOST_AUTO_TEST_CASE(derive_every_digit_as_often) {
    key_ring const ring(secret_a, {}, none);
    std::array<int, 10> counts{};
    constexpr int codes = 20'000;
    for (int i = 0; i < codes; ++i) {
        auto seed = seed_of(ring, 4);
        seed.nonce = {};
        seed.nonce[0] = static_cast<std::byte>(i);
        seed.nonce[1] = static_cast<std::byte>(i >> 8);
        for (char const digit : code_of(ring, seed))
            ++counts.at(static_cast<std::size_t>(digit - '0'));
    }
    for (int const count : counts) {
        BOOST_TEST(count > codes * 4 / 10 * 0.95);
        BOOST_TEST(count < codes * 4 / 10 * 1.05);
    }
}

// After a rotation, old codes still verify and new codes have the new key's id. Without the old
// key, its codes are gone.
BOOST_AUTO_TEST_CASE(rotate) {
    key_ring const before(secret_a, {}, none);
    key_ring const during(secret_b, {secret_a}, none);
    key_ring const after(secret_b, {}, none);
    auto const old_seed = seed_of(before);
    auto const new_seed = seed_of(during);
    BOOST_TEST(code_of(during, old_seed) == code_of(before, old_seed));
    BOOST_TEST(new_seed.key_id != old_seed.key_id);
    BOOST_TEST(code_of(after, new_seed) == code_of(during, new_seed));
    BOOST_TEST(code_of(after, old_seed).empty());
}

BOOST_AUTO_TEST_CASE(hash_numbers_apart_from_one_another_and_from_other_rings) {
    std::set<store::number_key> keys;
    key_ring const ring(secret_a, {}, none);
    for (int i = 0; i < 1000; ++i)
        keys.insert(ring.hash("shop", number(std::to_string(31650000000 + i).c_str())));
    BOOST_TEST(keys.size() == 1000U);
    BOOST_TEST((ring.hash("shop", n) != key_ring(secret_b, {}, none).hash("shop", n)));
    BOOST_TEST((ring.hash("shop", n) != ring.hash("bank", n)));
}

// A separate number secret keeps limits and codes reachable while the code secrets rotate.
BOOST_AUTO_TEST_CASE(keep_the_hash_of_numbers_over_a_rotation_with_a_number_secret) {
    secret_string const number_secret(std::string(32, 'n'));
    key_ring const before(secret_a, {}, number_secret);
    key_ring const after(secret_b, {secret_a}, number_secret);
    BOOST_TEST((before.hash("shop", n) == after.hash("shop", n)));
}

// Who reads the store learns neither a device nor that two numbers have the same one.
BOOST_AUTO_TEST_CASE(hash_variables_with_client_and_number) {
    key_ring const ring(secret_a, {}, none);
    using list = std::vector<otp::variable>;
    list const given{{"amount", "12.50"}, {"payee", "Smith"}};
    auto const one = ring.binding_of("shop", n, given);
    BOOST_TEST(one.size() == 32U);
    BOOST_TEST((one == ring.binding_of("shop", n, given)));
    BOOST_TEST((one != ring.binding_of("bank", n, given)));
    BOOST_TEST((one != ring.binding_of("shop", number("31651860671"), given)));
    for (auto const& other : {list{{"amount", "12.51"}, {"payee", "Smith"}},
                              list{{"amount", "12.50"}, {"payer", "Smith"}},
                              list{{"amount", "12.50"}}, list{{"amount", "12.50payee=Smith"}}})
        BOOST_TEST((one != ring.binding_of("shop", n, other)));
    BOOST_TEST(ring.binding_of("shop", n, {}).empty());
    key_ring const another(secret_string(std::string(32, 'z')), {}, none);
    BOOST_TEST((one != another.binding_of("shop", n, given)));
}

BOOST_AUTO_TEST_CASE(hash_devices_with_client_and_number) {
    key_ring const ring(secret_a, {}, none);
    otp::client shop;
    otp::client bank;
    bank.name = "bank";
    auto const device_of = [&](otp::client const& client, char const* device,
                               phone_number const& to) {
        otp::caller who;
        who.client = &client;
        if (device != nullptr) who.device = secret_string(device);
        return ring.device_of(who, to);
    };
    auto const one = device_of(shop, "browser-1", n);
    BOOST_TEST_REQUIRE(one.has_value());
    BOOST_TEST((one == device_of(shop, "browser-1", n)));
    BOOST_TEST((one != device_of(shop, "browser-2", n)));
    BOOST_TEST((one != device_of(bank, "browser-1", n)));
    BOOST_TEST((one != device_of(shop, "browser-1", number("31651860671"))));
    BOOST_TEST(!device_of(shop, nullptr, n));
    // A device is nobody's address.
    otp::caller who;
    who.client = &shop;
    who.end_user_address = "browser-1";
    BOOST_TEST((ring.requester_of(who, n) != *one));
}

BOOST_AUTO_TEST_CASE(need_a_current_secret) {
    BOOST_CHECK_THROW(key_ring(none, {secret_a}, none), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(seal_the_place_of_a_verification_and_find_it_again) {
    key_ring const ring(secret_a, {}, none);
    store::verification_address at;
    at.number = ring.hash("shop", n);
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
    // The same number, but nothing looks alike.
    BOOST_TEST(ring.seal(other).substr(32) != sealed.substr(32));
    // Rotating the signing key keeps ids valid as long as the hashes of numbers stay the same.
    key_ring const rotated(secret_b, {secret_a}, secret_a);
    BOOST_TEST((rotated.open(sealed)->number == at.number));
    for (auto const& text : {std::string(), sealed.substr(1), sealed + "0", "x" + sealed.substr(1)})
        BOOST_TEST(!ring.open(text).has_value());
}

BOOST_AUTO_TEST_CASE(keep_keys_of_different_kinds_apart) {
    key_ring const ring(secret_a, {}, none);
    std::set<store::key_hash> keys{ring.hash("shop", n),
                                   ring.hash({"prefix", n.digits()}),
                                   ring.hash({"client", n.digits()}),
                                   ring.hash({"client" + n.digits()}),
                                   ring.hash({"once", "a", "bc"}),
                                   ring.hash({"once", "ab", "c"})};
    BOOST_TEST(keys.size() == 6U);
    BOOST_TEST((ring.hash({"a"}) == key_ring(secret_a, {}, none).hash({"a"})));
    BOOST_TEST((ring.hash({"a"}) != key_ring(secret_b, {}, none).hash({"a"})));
}

BOOST_AUTO_TEST_CASE(say_the_same_of_keys_of_which_there_are_few) {
    key_ring const ring(secret_a, {}, none);
    for (int round = 0; round < 2; ++round) {
        // More hashes than fit, and some similar ones.
        for (int i = 0; i < 2000; ++i) {
            auto const name = std::to_string(i);
            BOOST_TEST_REQUIRE((ring.cached_hash({"client", name}) == ring.hash({"client", name})));
        }
        BOOST_TEST((ring.cached_hash({"ab", "c"}) == ring.hash({"ab", "c"})));
        BOOST_TEST((ring.cached_hash({"a", "bc"}) == ring.hash({"a", "bc"})));
        BOOST_TEST((ring.cached_hash({"a", "bc", ""}) == ring.hash({"a", "bc", ""})));
        BOOST_TEST((ring.cached_hash({"everybody"}) == ring.hash({"everybody"})));
    }
}

BOOST_AUTO_TEST_CASE(remember_keys_for_several_threads) {
    key_ring const ring(secret_a, {}, none);
    std::atomic<int> wrong{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&ring, &wrong] {
                for (int i = 0; i < 300; ++i) {
                    auto const name = std::to_string(i);
                    if (ring.cached_hash({"c", name}) != ring.hash({"c", name})) ++wrong;
                }
            });
    }
    BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(rings_of_one_store_have_a_number_key_and_the_signing_key_in_common) {
    key_ring const before(secret_a, {}, none);
    key_ring const same(secret_a, {}, none);
    key_ring const other(secret_b, {}, none);
    key_ring const after(secret_b, {secret_a}, secret_a);
    BOOST_TEST((before.secrets().number_key == same.secrets().number_key));
    BOOST_TEST((before.secrets().number_key != other.secrets().number_key));
    BOOST_TEST((before.secrets().number_key == after.secrets().number_key));
    BOOST_TEST(before.secrets().signing_key != after.secrets().signing_key);
    BOOST_TEST(before.secrets().known.size() == 1U);
    auto const known = after.secrets().known;
    BOOST_TEST(std::ranges::count(known, before.secrets().signing_key) == 1);
    BOOST_TEST(std::ranges::count(known, after.secrets().signing_key) == 1);
    // The fingerprint depends on the key only, and is no hash of a number or a subject.
    BOOST_TEST((before.secrets().number_key != before.hash({"fingerprint"})));
}

// A reader of the timeline's file and of the store finds no number in both.
BOOST_AUTO_TEST_CASE(names_numbers_in_the_timeline_by_a_key_of_its_own) {
    key_ring const ring(secret_a, {}, secret_b);
    auto const name = ring.pseudonym_of({"number", "shop", n.digits()});
    BOOST_TEST(
        (name ==
         key_ring(secret_b, {secret_a}, secret_b).pseudonym_of({"number", "shop", n.digits()})));
    BOOST_TEST((name != ring.pseudonym_of({"number", "other", n.digits()})));
    BOOST_TEST((name != key_ring(secret_a, {}, none).pseudonym_of({"number", "shop", n.digits()})));
    auto const in_store = ring.hash("shop", n);
    BOOST_TEST(!std::equal(name.begin(), name.end(), in_store.begin()));
    auto const of_limit = ring.hash({"number", "shop", n.digits()});
    BOOST_TEST(!std::equal(name.begin(), name.end(), of_limit.begin()));
}

BOOST_AUTO_TEST_SUITE_END()
