// The hooks of identity providers: their bodies as recorded, their signatures, and their texts.

#include "api/free_text.hpp"
#include "api/hook_message.hpp"
#include "api/hook_signature.hpp"
#include "hook_signing.hpp"

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <string>
#include <vector>

using namespace otpd;
using namespace otpd::api;
using namespace std::chrono_literals;
using enum identity_provider;

namespace {

hook_message read(identity_provider provider, std::string const& name) {
    auto message = read_hook_message(provider, test::recorded_hook(HOOK_BODIES, name));
    BOOST_REQUIRE_MESSAGE(message, name);
    return *std::move(message);
}

// --- signatures ---------------------------------------------------------------------------------

constexpr wall_time now{std::chrono::seconds(1'796'000'000)};
constexpr std::string_view body = R"({"a":1})";

std::string at(std::chrono::seconds offset = {}) {
    return std::to_string(1'796'000'000 + offset.count());
}

using fields = std::vector<http::field_view>;

bool is_signed_with(identity_provider provider, std::string const& secret, fields const& given,
                    std::string_view content = body) {
    http::request_parts parts;
    parts.fields = given;
    parts.body = content;
    http::request const request(parts);
    return is_signed(provider, secret_string(secret), request, now);
}

std::string const raw_key = "an example of a key, of 32 bytes";
std::string const webhook_secret = "v1,whsec_" + test::base64_of(raw_key);

struct standard_webhook {
    std::string id = "msg-1";
    std::string time = at();
    std::string signature =
        "v1," +
        test::base64_of(test::hmac_sha256(raw_key, "msg-1." + at() + '.' + std::string(body)));

    [[nodiscard]] bool is_accepted(std::string const& secret = webhook_secret,
                                   std::string_view content = body) const {
        return is_signed_with(
            supabase, secret,
            {{"webhook-id", id}, {"webhook-timestamp", time}, {"webhook-signature", signature}},
            content);
    }
};

standard_webhook made(std::chrono::seconds offset) {
    standard_webhook one;
    one.time = at(offset);
    one.signature =
        "v1," +
        test::base64_of(test::hmac_sha256(raw_key, "msg-1." + one.time + '.' + std::string(body)));
    return one;
}

std::string zitadel_field(std::chrono::seconds offset, std::string const& key) {
    return "t=" + at(offset) +
           ",v1=" + test::hex_of(test::hmac_sha256(key, at(offset) + '.' + std::string(body)));
}

// --- texts --------------------------------------------------------------------------------------

otp::client const shop = [] {
    otp::client client;
    client.web_otp_hosts = {"shop.example"};
    return client;
}();

/// Empty: refused.
std::string template_of(std::string_view text, std::string_view code = "918273") {
    auto const read = read_free_text(text, code, shop);
    return read ? read->text : std::string();
}

} // namespace

BOOST_AUTO_TEST_SUITE(hook_messages)

BOOST_AUTO_TEST_CASE(a_recorded_body_of_each_provider_gives_its_number_and_code) {
    struct expectation {
        identity_provider provider;
        std::string file, to, code;
    };
    for (auto const& [provider, file, to, code] : std::initializer_list<expectation>{
             {supabase, "supabase", "31612345678", "561166"},
             {supabase, "supabase-before-2160", "+31612345678", "561166"},
             {logto, "logto", "31612345678", "123456"},
             {zitadel, "zitadel", "+31612345678", "0M53RF"},
             {authgear, "authgear", "+31612345678", "123456"},
             {kratos, "kratos", "+31612345678", "918273"},
             {generic, "generic", "+31612345678", "24681357"}}) {
        BOOST_TEST_CONTEXT(file) {
            auto const message = read(provider, file);
            BOOST_TEST(message.to == to);
            BOOST_TEST(message.code.reveal() == code);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_recorded_body_gives_what_else_it_says) {
    auto const of_supabase = read(supabase, "supabase");
    BOOST_TEST(of_supabase.end_user_ip == "198.51.100.24");
    BOOST_TEST(of_supabase.reference == "6481a5c1-3d37-4a56-9f6a-bee08c554965");
    auto const of_logto = read(logto, "logto");
    BOOST_TEST(of_logto.locale == "nl-NL");
    BOOST_TEST(of_logto.end_user_ip == "192.0.2.7");
    BOOST_TEST(read(zitadel, "zitadel").text.reveal() ==
               "A phone number has been added to your user. Please use this code: 0M53RF");
    BOOST_TEST(read(authgear, "authgear").locale == "en");
    BOOST_TEST(read(kratos, "kratos").reference == "0f8b7b2e-1f0a-4d8b-9a5e-2b6d0b1c7e55");
    auto const of_anybody = read(generic, "generic");
    BOOST_TEST(of_anybody.end_user_ip == "2001:db8::7");
    BOOST_TEST(of_anybody.reference == "user-4711");
}

BOOST_AUTO_TEST_CASE(a_body_without_number_or_code_is_refused) {
    for (auto const* const wrong :
         {"", "x", "[]", "null", "{}", R"({"code":"123456"})", R"({"phone_number":"+31612345678"})",
          R"({"phone_number":31612345678,"code":"123456"})",
          R"({"phone_number":"+31612345678","code":123456})",
          R"({"phone_number":{"a":"b"},"code":"123456"})"})
        BOOST_TEST(!read_hook_message(generic, wrong).has_value(), wrong);
    BOOST_TEST(!read_hook_message(supabase, R"({"user":"x","sms":[]})").has_value());
    // A message without a code, such as Logto's invitation by a link.
    BOOST_TEST(!read_hook_message(logto, R"({"to":"31612345678","payload":{"link":"x"}})"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hook_signatures)

BOOST_AUTO_TEST_CASE(a_standard_webhook_is_accepted_with_each_spelling_of_its_secret) {
    standard_webhook const good;
    BOOST_TEST(good.is_accepted());
    BOOST_TEST(good.is_accepted("whsec_" + test::base64_of(raw_key)));
    auto several = good;
    several.signature = "v1,AAAA, " + good.signature; // as Supabase joins them
    BOOST_TEST(several.is_accepted());
    several.signature = "v1a,AAAA " + good.signature; // as the specification does
    BOOST_TEST(several.is_accepted());
}

BOOST_AUTO_TEST_CASE(a_forged_standard_webhook_is_refused) {
    standard_webhook const good;
    BOOST_TEST(!good.is_accepted(webhook_secret, R"({"a":2})"));
    BOOST_TEST(!good.is_accepted("v1,whsec_" + test::base64_of(std::string(32, 'x'))));
    BOOST_TEST(!good.is_accepted(raw_key));
    BOOST_TEST(!good.is_accepted(""));
    auto other = good;
    other.id = "msg-2";
    BOOST_TEST(!other.is_accepted());
    for (auto const* const wrong : {"", "v1", "v1,", "v2,x", ", ,", "v1,AAAA"}) {
        auto forged = good;
        forged.signature = wrong;
        BOOST_TEST(!forged.is_accepted(), wrong);
    }
    BOOST_TEST(!is_signed_with(supabase, webhook_secret, {}));
    BOOST_TEST(
        !is_signed_with(supabase, webhook_secret, {{"Authorization", "Bearer " + webhook_secret}}));
}

BOOST_AUTO_TEST_CASE(a_signature_is_good_for_five_minutes) {
    for (auto const offset : {-300s, -1s, 0s, 300s}) {
        BOOST_TEST(made(offset).is_accepted(), offset.count());
        BOOST_TEST(is_signed_with(zitadel, raw_key,
                                  {{"ZITADEL-Signature", zitadel_field(offset, raw_key)}}));
    }
    for (auto const offset : {-301s, 301s, -86'400s}) {
        BOOST_TEST(!made(offset).is_accepted(), offset.count());
        BOOST_TEST(!is_signed_with(zitadel, raw_key,
                                   {{"ZITADEL-Signature", zitadel_field(offset, raw_key)}}));
    }
    for (auto const* const wrong : {"", "x", "1796000000x", "99999999999999999999"}) {
        standard_webhook one;
        one.time = wrong;
        one.signature = "v1," + test::base64_of(test::hmac_sha256(
                                    raw_key, "msg-1." + one.time + '.' + std::string(body)));
        BOOST_TEST(!one.is_accepted(), wrong);
    }
}

BOOST_AUTO_TEST_CASE(zitadel_may_sign_with_several_keys) {
    auto const field =
        zitadel_field(0s, "another key") + zitadel_field(0s, raw_key).substr(("t=" + at()).size());
    BOOST_TEST(is_signed_with(zitadel, raw_key, {{"ZITADEL-Signature", field}}));
    BOOST_TEST(!is_signed_with(zitadel, "a third key", {{"ZITADEL-Signature", field}}));
    BOOST_TEST(!is_signed_with(zitadel, raw_key, {{"ZITADEL-Signature", field}}, "{}"));
    BOOST_TEST(!is_signed_with(zitadel, raw_key, {}));
    BOOST_TEST(!is_signed_with(zitadel, raw_key, {{"ZITADEL-Signature", "t=" + at()}}));
}

BOOST_AUTO_TEST_CASE(authgear_signs_the_body_alone) {
    auto const right = test::hex_of(test::hmac_sha256(raw_key, std::string(body)));
    constexpr auto name = "x-authgear-body-signature";
    BOOST_TEST(is_signed_with(authgear, raw_key, {{name, right}}));
    BOOST_TEST(!is_signed_with(authgear, raw_key, {{name, right}}, "{}"));
    BOOST_TEST(!is_signed_with(authgear, raw_key, {{name, right.substr(1)}}));
    BOOST_TEST(!is_signed_with(authgear, raw_key, {{name, ""}}));
    BOOST_TEST(!is_signed_with(authgear, raw_key, {{name, right}, {name, right}}));
    BOOST_TEST(!is_signed_with(authgear, raw_key, {}));
}

BOOST_AUTO_TEST_CASE(logto_kratos_and_a_generic_sender_have_a_bearer_token) {
    std::string const token = "a-token-of-some-length";
    for (auto const provider : {logto, kratos, generic}) {
        BOOST_TEST(is_signed_with(provider, token, {{"Authorization", "Bearer " + token}}));
        BOOST_TEST(!is_signed_with(provider, token, {{"Authorization", token}}));
        BOOST_TEST(!is_signed_with(provider, token, {{"Authorization", "Bearer x"}}));
        BOOST_TEST(!is_signed_with(provider, token, {}));
    }
}

// Otherwise a proxy that logs Authorization could sign.
BOOST_AUTO_TEST_CASE(a_generic_sender_with_a_webhook_secret_has_to_sign) {
    standard_webhook const good;
    fields const signs{{"webhook-id", good.id},
                       {"webhook-timestamp", good.time},
                       {"webhook-signature", good.signature}};
    BOOST_TEST(is_signed_with(generic, webhook_secret, signs));
    BOOST_TEST(
        !is_signed_with(generic, webhook_secret, {{"Authorization", "Bearer " + webhook_secret}}));
}

BOOST_AUTO_TEST_CASE(secrets_have_the_form_that_their_provider_gives_them) {
    for (auto const provider : {supabase, generic}) {
        BOOST_TEST(is_hook_secret(provider, webhook_secret));
        BOOST_TEST(!is_hook_secret(provider, "whsec_c2hvcnQ="));
        BOOST_TEST(!is_hook_secret(provider, "v1,whsec_!"));
    }
    BOOST_TEST(!is_hook_secret(supabase, std::string(32, 'x')));
    for (auto const provider : {logto, zitadel, authgear, kratos, generic}) {
        BOOST_TEST(is_hook_secret(provider, std::string(16, 'x')));
        for (auto const& wrong :
             {std::string(), std::string(15, 'x'), std::string(1025, 'x'), std::string(20, ' ')})
            BOOST_TEST(!is_hook_secret(provider, wrong), wrong.size());
    }
}

BOOST_AUTO_TEST_CASE(a_hook_is_known_by_client_provider_and_either_secret) {
    struct fixed_clock final : clock {
        [[nodiscard]] steady_time now() const noexcept override { return {}; }
        [[nodiscard]] wall_time wall() const noexcept override { return ::now; }
    } const clock;
    authenticator const clients{secret_string("the client's own token")};
    std::string const first = "the-first-secret-of-logto";
    std::string const second = "the-second-secret-of-logto";
    hooks const all({{"default", logto, secret_string(first), secret_string(second), true},
                     {"nobody", logto, secret_string(first), {}, false}},
                    clients, clock);
    auto const identify = [&](char const* client, identity_provider provider,
                              std::string const& token) {
        std::string const value = "Bearer " + token;
        fields const given{{"Authorization", value}};
        http::request_parts parts;
        parts.fields = given;
        http::request const request(parts);
        return all.identify(client, provider, request);
    };
    for (auto const& secret : {first, second}) {
        auto const found = identify("default", logto, secret);
        BOOST_REQUIRE(found.has_value());
        BOOST_TEST(found->settings->free_text);
        BOOST_TEST(found->client->name == "default");
    }
    BOOST_TEST(!identify("default", logto, "the client's own token").has_value());
    BOOST_TEST(!identify("default", logto, "x").has_value());
    BOOST_TEST(!identify("default", kratos, first).has_value());
    BOOST_TEST(!identify("other", logto, first).has_value());
    BOOST_TEST(!identify("nobody", logto, first).has_value()); // no such client
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(free_texts)

BOOST_AUTO_TEST_CASE(a_text_becomes_a_template_of_one_line) {
    BOOST_TEST(template_of("918273 is your code.") == "{code} is your code.");
    BOOST_TEST(template_of("Your login code is: 918273\n\nIt expires in 15 minutes.\n") ==
               "Your login code is: {code} It expires in 15 minutes.");
    BOOST_TEST(template_of("Use 0M53RF at shop.example", "0M53RF") == "Use {code} at shop.example");
    BOOST_TEST(template_of("https://Shop.example/login asks for 918273.") ==
               "https://Shop.example/login asks for {code}.");
}

BOOST_AUTO_TEST_CASE(a_last_line_for_autofill_is_kept_for_the_client_s_sites) {
    auto const read = read_free_text("Your code: 918273\n\n@shop.example #918273", "918273", shop);
    BOOST_REQUIRE(read.has_value());
    BOOST_TEST(read->text == "Your code: {code}");
    BOOST_REQUIRE(read->suffix.has_value());
    BOOST_TEST(read->suffix->text == "shop.example");
    for (auto const* const wrong :
         {"918273\n@evil.example #918273", "918273\n@shop.example #918274", "918273\n@shop.example",
          "918273\n@shop.example 918273", "918273\n@shop.example #918273 @evil.example"})
        BOOST_TEST(template_of(wrong) == "", wrong);
}

BOOST_AUTO_TEST_CASE(a_text_has_the_code_once_and_no_other_number) {
    for (auto const* const wrong :
         {"", "no code", "918273 918273", "9182734", "a918273", "918273 or 1234",
          "918273, call 020 123 4567", "918273 {minutes}", "918273 {", "918273 caf\xc3\xa9",
          "918273 `"})
        BOOST_TEST(template_of(wrong) == "", wrong);
    BOOST_TEST(template_of("918273" + std::string(160, 'x')) == "");
}

BOOST_AUTO_TEST_CASE(a_text_has_no_link_to_other_sites) {
    for (auto const* const wrong :
         {"918273 evil.example", "918273 https://evil.example/x", "918273 evil.example/918",
          "918273 shop.example.evil.example", "918273 evil-shop.example", "918273 http://localhost",
          "918273 http://[::1]/", "918273 me@shop.example", "918273 1.2.3.4",
          "918273 shop.example and evil.example", "918273 EVIL.EXAMPLE"})
        BOOST_TEST(template_of(wrong) == "", wrong);
}

BOOST_AUTO_TEST_SUITE_END()
