// Secrets from files: systemd's credentials, and Docker's and Kubernetes' secrets.

#include "tables.hpp"

using namespace settings_test;

namespace {

/// Sources with these files.
settings_sources with_files(names files, names environment = {}, std::string const& config = "") {
    auto out = with_config(config, std::move(environment));
    out.open_secret = [files = std::move(files)](std::string const& path) {
        auto const found = files.find(path);
        return found == files.end() ? otpd::app::secret_file{{}, "no such file"}
                                    : otpd::app::secret_file{found->second, {}};
    };
    return out;
}

setting_key const& file_of(setting_key const& secret) {
    return key(secret.path() + "_file");
}

/// Removes the API key, which is always required, from both places.
settings_sources without_key(settings_sources from) {
    from.environment.erase("BRIDGEXAPI_API_KEY");
    return from;
}

std::string webhook_with(std::string const& more) {
    return "[[webhook]]\nname = \"crm\"\nurl = \"https://crm.example\"\n" + more;
}

} // namespace

BOOST_AUTO_TEST_SUITE(secret_files)

BOOST_AUTO_TEST_CASE(every_secret_may_be_in_a_file) {
    auto const secret = letters_from('A');
    for (auto const& setting_key : setting_keys())
        if (setting_key.is_secret) BOOST_TEST_CONTEXT(setting_key.path()) {
                auto const& file = file_of(setting_key);
                BOOST_TEST(file.is_file);
                std::vector<std::string> names_of_file{file.environment_name()};
                if (!setting_key.alias.empty()) {
                    BOOST_TEST(file.alias == setting_key.alias + "_FILE");
                    names_of_file.push_back(file.alias);
                }
                bool const is_api_key = setting_key.path() == "bridgexapi.api_key";
                auto const from = [&](std::string const& text, std::string const& name) {
                    auto out = with_files({{"/run/x", text}}, {{name, "/run/x"}});
                    return is_api_key ? without_key(out) : out;
                };
                for (auto const& name : names_of_file)
                    for (auto const* end : {"", "\n", "\r\n"}) {
                        auto const all = good(from(secret + end, name));
                        BOOST_TEST(setting_key.show(all).ends_with("set"));
                        BOOST_TEST(setting_key.show(all) != "not set");
                        BOOST_TEST(file.show(all) == "/run/x");
                    }
                // Faults are reported as for any other value, under the file's key.
                std::map<std::string, std::string> const wrong{
                    {"", "is empty"},
                    {"\n", "is empty"},
                    {secret + " \n", "its content: white space or a line break is at an end"},
                    {'"' + secret + '"', "its content: it still has the quotes"},
                    {"s3cr3t \x01", "its content: must be "}};
                for (auto const& [text, why] : wrong) {
                    auto const line = fault(from(text, file.environment_name()));
                    BOOST_TEST(line.starts_with(file.path() + " = \"/run/x\" (" +
                                                file.environment_name() +
                                                " in the environment): " + why),
                               line);
                    BOOST_TEST(!contains(line, "s3cr3t"));
                    BOOST_TEST(!contains(line, secret));
                }
                // A changed secret is named, wherever it comes from.
                auto const before = good(from(secret, file.environment_name()));
                auto const after = good(from(letters_from('B'), file.environment_name()));
                BOOST_TEST((otpd::app::changed_keys(before, after) ==
                            std::vector<std::string>{setting_key.path()}));
            }
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_had_is_named) {
    BOOST_TEST(fault(with_files({}, {{"OTP_HMAC_SECRET_FILE", "/run/x"}})) ==
               "otp.hmac_secret_file = \"/run/x\" (OTP_HMAC_SECRET_FILE in the environment): no "
               "such file");
    BOOST_TEST(contains(fault(with_files({}, {}, "[auth]\ntoken_file = 1\n")),
                        "auth.token_file = \"1\" (config.toml:2): must be the path of a file, "
                        "written as a TOML string"));
    BOOST_TEST(contains(fault(with_files({}, {{"API_AUTH_TOKEN_FILE", "a\nb"}})),
                        "must be the path of a file"));
}

BOOST_AUTO_TEST_CASE(a_secret_is_given_once) {
    names const files{{"/run/x", good_secret}};
    BOOST_TEST(fault(with_files(files, {{"OTP_HMAC_SECRET", good_secret},
                                        {"OTPD_OTP_HMAC_SECRET_FILE", "/run/x"}})) ==
               "otp.hmac_secret_file = \"/run/x\" (OTPD_OTP_HMAC_SECRET_FILE in the environment): "
               "otp.hmac_secret is set too (OTP_HMAC_SECRET in the environment): leave one of them "
               "out");
    BOOST_TEST(contains(fault(with_files(files, {{"API_AUTH_TOKEN", good_secret}},
                                         "[auth]\ntoken_file = \"/run/x\"\n")),
                        "auth.token_file = \"/run/x\" (config.toml:2): auth.token is set too "
                        "(API_AUTH_TOKEN in the environment)"));
    // Empty means not set.
    good(with_files(files, {{"API_AUTH_TOKEN", ""}, {"API_AUTH_TOKEN_FILE", "/run/x"}}));
    good(with_files({}, {{"API_AUTH_TOKEN", good_secret}, {"API_AUTH_TOKEN_FILE", ""}}));
}

BOOST_AUTO_TEST_CASE(a_file_of_several_secrets_has_one_a_line) {
    auto const a = letters_from('A');
    auto const b = letters_from('B');
    for (auto const& text :
         {a + '\n' + b, a + '\n' + b + '\n', a + "\r\n" + b + "\r\n", a + ',' + b}) {
        auto const all = good(
            with_files({{"/run/x", text}}, {{"OTPD_OTP_PREVIOUS_HMAC_SECRETS_FILE", "/run/x"}}));
        BOOST_TEST_REQUIRE(all.otp.previous_hmac_secrets.size() == 2U);
        BOOST_TEST(all.otp.previous_hmac_secrets[0].reveal() == a);
        BOOST_TEST(all.otp.previous_hmac_secrets[1].reveal() == b);
    }
}

BOOST_AUTO_TEST_CASE(secrets_of_tables_may_be_in_files) {
    auto const secret = "whsec_" + letters_from('A');
    auto const other = "whsec_" + letters_from('B');
    auto const all = good(
        with_files({{"/run/hook", secret + '\n' + other + '\n'}, {"/run/code", "271828\n"}}, {},
                   webhook_with("secrets_file = \"/run/hook\"\n") +
                       "[[test_number]]\nnumber = \"31612345678\"\ncode_file = \"/run/code\"\n"
                       "until = 2027-01-31\n"));
    BOOST_TEST(all.webhook_endpoints.at(0).secrets.size() == 2U);
    BOOST_TEST(all.test_numbers.at(0).code.reveal() == "271828");

    auto const line_of = [&](std::string const& text, std::string const& more) {
        return fault(with_files({{"/run/hook", text}}, {}, webhook_with(more)));
    };
    std::string const file = "secrets_file = \"/run/hook\"\n";
    BOOST_TEST(
        line_of(secret, "secrets = [\"" + secret + "\"]\n" + file) ==
        "config.toml:5: [[webhook]] secrets_file = \"/run/hook\": webhook.secrets is set too "
        "(config.toml:4): leave one of them out");
    BOOST_TEST(line_of("", file) ==
               "config.toml:4: [[webhook]] secrets_file = \"/run/hook\": is empty");
    BOOST_TEST(line_of("s3cr3t", file) ==
               "config.toml:4: [[webhook]] secrets_file = \"/run/hook\": its content: must be 1 to "
               "4 different secrets: whsec_ and base64 of 24 to 64 random bytes, 8 of them "
               "different");
    BOOST_TEST(line_of("", "secrets_file = \"/run/x\"\n") ==
               "config.toml:4: [[webhook]] secrets_file = \"/run/x\": no such file");
}

BOOST_AUTO_TEST_CASE(both_secrets_of_a_hook_may_be_in_files) {
    auto const all = good(with_files(
        {{"/run/new", letters_from('A') + '\n'}, {"/run/old", letters_from('B') + '\n'}}, {},
        "[[hook]]\nclient = \"default\"\nprovider = \"logto\"\nsecret_file = \"/run/new\"\n"
        "old_secret_file = \"/run/old\"\n"));
    BOOST_TEST(all.hooks.at(0).secret.reveal() == letters_from('A'));
    BOOST_TEST(all.hooks.at(0).old_secret.reveal() == letters_from('B'));
}

BOOST_AUTO_TEST_SUITE_END()
