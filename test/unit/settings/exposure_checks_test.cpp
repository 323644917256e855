// What is refused once other machines reach this one, and the settings that accept it explicitly.

#include "tables.hpp"

using namespace settings_test;

namespace {

names with(names const& all, std::string const& name, std::string const& value) {
    auto out = all;
    out[name] = value;
    return out;
}

/// Valid on loopback, refused with `line` on the network, and valid there once it is accepted.
void check_accepted_in_words(names const& unsafe, std::string_view line,
                             std::string const& accept) {
    good(sources(unsafe));
    BOOST_TEST(fault(sources(on_network(unsafe))) == line);
    good(sources(on_network(with(unsafe, accept, "true"))));
}

} // namespace

BOOST_AUTO_TEST_SUITE(exposure_checks)

BOOST_AUTO_TEST_CASE(a_token_that_can_be_guessed_is_accepted_in_words_only) {
    for (auto const& token : {std::string("x"), std::string("the-token"), letters_from('A', 21),
                              std::string(64, 'a'), "abcdefg" + std::string(57, 'a')})
        BOOST_TEST_CONTEXT(token) {
            check_accepted_in_words(
                {{"API_AUTH_TOKEN", token}},
                "auth.token can be guessed by whoever reaches server.listen = 0.0.0.0:8000: make "
                "it at least 22 random characters (openssl rand -hex 32), or set "
                "auth.accept_short_tokens = true to accept it",
                "OTPD_AUTH_ACCEPT_SHORT_TOKENS");
        }
    good(sources(on_network({{"API_AUTH_TOKEN", letters_from('A', 22)}})));
}

BOOST_AUTO_TEST_CASE(a_short_token_is_refused_beside_clients_too) {
    auto const line =
        fault(with_config(client_named("a"), on_network({{"API_AUTH_TOKEN", "the-token"}})));
    BOOST_TEST(contains(line, "auth.token can be guessed"));
    BOOST_TEST(!contains(line, "the-token"));
}

BOOST_AUTO_TEST_CASE(proxies_that_may_be_anybody_are_accepted_in_words_only) {
    for (std::string const range :
         {"0.0.0.0/0", "128.0.0.0/1", "10.0.0.0/7", "::/0", "2000::/3", "fc00::/6", "2000::/15"})
        check_accepted_in_words({{"OTPD_SERVER_TRUSTED_PROXIES", "10.0.0.1," + range}},
                                "server.trusted_proxies has " + range +
                                    ", and whoever is in it may call itself anything: name your "
                                    "proxies, or set server.accept_any_proxy = true to accept that",
                                "OTPD_SERVER_ACCEPT_ANY_PROXY");
    good(sources(on_network({{"OTPD_SERVER_TRUSTED_PROXIES",
                              "10.0.0.0/8,172.16.0.0/12,192.0.2.1,fc00::/7,2001:db8::/32"}})));
}

BOOST_AUTO_TEST_CASE(the_admin_listener_is_on_the_network_in_words_only) {
    for (std::string const listen : {"0.0.0.0:9464", "[::]:9464", "10.1.2.3:9464"}) {
        names const unsafe{{"OTPD_ADMIN_LISTEN", listen}};
        // Regardless of the API's address.
        for (auto const& all : {unsafe, on_network(unsafe)})
            BOOST_TEST(fault(sources(all)) ==
                       "admin.listen = " + listen +
                           " shows the metrics to whoever reaches it: listen on 127.0.0.1, or set "
                           "admin.accept_network = true to accept that");
        good(sources(with(unsafe, "OTPD_ADMIN_ACCEPT_NETWORK", "true")));
    }
    for (auto const* listen : {"", "127.0.0.1:0", "[::1]:9464", "localhost:9464"})
        good(sources(on_network({{"OTPD_ADMIN_LISTEN", listen}})));
}

BOOST_AUTO_TEST_CASE(no_limit_at_all_is_accepted_in_words_only) {
    names none{{"OTPD_PUMPING_ENABLED", "false"}};
    for (auto const& built_in_limit : otpd::app::built_in_limits())
        if (built_in_limit.step == otpd::otp::limit_step::send)
            none.emplace(key("limits." + std::string(built_in_limit.name)).environment_name(), "0");
    auto const line = "no limit of [limits], no [[limit]] and no guard of [pumping] refuses a send "
                      "of whoever reaches server.listen = 0.0.0.0:8000: enforce one, or set "
                      "limits.accept_none = true to accept that";
    check_accepted_in_words(none, line, "OTPD_LIMITS_ACCEPT_NONE");
    // A limit that only observes refuses nothing, and a limit of one client does not apply to
    // others.
    BOOST_TEST(fault(sources(on_network(with(with(none, "OTPD_PUMPING_ENABLED", "true"),
                                             "OTPD_PUMPING_MODE", "observe")))) == line);
    BOOST_TEST(fault(sources(on_network(with(with(none, "OTPD_LIMITS_NUMBER_10M", "5"),
                                             "OTPD_LIMITS_OBSERVE", "number_10m")))) == line);
    std::string const own = "[[limit]]\nname = \"a\"\nkey = \"number\"\nquota = 1\n"
                            "window_seconds = 60\n";
    for (auto const* more :
         {"mode = \"observe\"\n", "step = \"guess\"\n", "client = \"default\"\n"})
        BOOST_TEST(fault(with_config(own + more, on_network(none))) == line);
    good(with_config(own, on_network(none)));
    good(sources(on_network(with(none, "OTPD_LIMITS_GLOBAL_24H", "100"))));
    good(sources(on_network(
        with(with(none, "OTPD_PUMPING_ENABLED", "true"), "OTPD_PUMPING_MODE", "enforce"))));
}

BOOST_AUTO_TEST_CASE(a_store_is_reached_in_clear_in_words_only) {
    std::map<std::string, std::string> const unsafe{
        {"redis://otpd@store:6379", "redis://store:6379/0"},
        {"redis://10.0.0.2", "redis://10.0.0.2:6379/0"},
        {"redis+sentinel://127.0.0.1,s2/main", "redis+sentinel://127.0.0.1:26379,s2:26379/main/0"}};
    for (auto const& [url, shown] : unsafe) {
        names const all{{"OTPD_STORE_URL", url}, {"OTP_HMAC_SECRET", good_secret}};
        for (auto const& entry : {all, on_network(all)})
            BOOST_TEST(fault(sources(entry)) ==
                       "store.url = " + shown +
                           " goes over the network in clear, its password too: use rediss:// or "
                           "rediss+sentinel://, or set store.accept_clear_text = true to accept "
                           "that");
        good(sources(with(all, "OTPD_STORE_ACCEPT_CLEAR_TEXT", "true")));
    }
    for (auto const* url :
         {"redis://127.0.0.1", "redis://[::1]", "redis://localhost", "unix:/x.sock",
          "rediss://store", "rediss+sentinel://a,b/main", "sqlite:/x.db"})
        good(sources(on_network({{"OTPD_STORE_URL", url}, {"OTP_HMAC_SECRET", good_secret}})));
}

// Encryption alone does not authenticate the server.
BOOST_AUTO_TEST_CASE(a_postgres_that_is_not_proven_is_reached_in_words_only) {
    for (std::string const place :
         {"db.example:5432/otp?sslmode=disable", "db.example:5432/otp?sslmode=prefer",
          "db.example:5432/otp?sslmode=require", "db.example:5432/otp?sslmode=verify-ca",
          "127.0.0.1:5432,10.0.0.2:5432/otp?sslmode=disable"}) {
        names const all{{"OTPD_STORE_URL", "postgres://otpd@" + place},
                        {"OTP_HMAC_SECRET", good_secret}};
        for (auto const& entry : {all, on_network(all)})
            BOOST_TEST(fault(sources(entry)) ==
                       "store.url = postgres://" + place +
                           " goes over the network to a server that is not proven to be the right "
                           "one: leave sslmode out, or set it to verify-full, or set "
                           "store.accept_clear_text = true to accept that");
        good(sources(with(all, "OTPD_STORE_ACCEPT_CLEAR_TEXT", "true")));
    }
    for (auto const* url :
         {"postgres://db.example/otp", "postgres://a,b:5433/otp?sslmode=verify-full",
          "postgres://127.0.0.1/otp", "postgres://localhost/otp?sslmode=disable",
          "postgres://otpd@/otp?host=/run/postgresql"})
        good(sources(on_network({{"OTPD_STORE_URL", url}, {"OTP_HMAC_SECRET", good_secret}})));
}

BOOST_AUTO_TEST_CASE(files_with_secrets_are_not_open_to_all) {
    auto const with_files = [](std::string const& config, names const& environment) {
        auto from = with_config(config, environment);
        from.dotenv = otpd::app::source_file{".env", "OTP_LENGTH=8\n"};
        return from;
    };
    auto open_dotenv = with_files("", on_network());
    good(open_dotenv);
    open_dotenv.dotenv->is_open_to_all = true;
    BOOST_TEST(fault(open_dotenv) ==
               ".env has secrets and is open to every user of the machine: chmod o= .env");
    auto on_loopback = with_files("", {});
    on_loopback.dotenv->is_open_to_all = true;
    good(on_loopback);

    std::string const webhook = "[[webhook]]\nname = \"a\"\nurl = \"https://a.example\"\n"
                                "secrets = [\"whsec_" +
                                letters_from('A') + "\"]\n";
    std::map<std::string, bool> const has_secrets{
        {"[otp]\nlength = 8\n", false},
        {"[otp]\nhmac_secret = \"\"\nprevious_hmac_secrets = []\n", false},
        {client_named("a"), false}, // a hash
        {"[store]\npassword = \"s3cr3t-password\"\n", true},
        {"[store]\nurl = \"redis://u:p@127.0.0.1\"\n[otp]\nhmac_secret = \"" + good_secret + "\"\n",
         true},
        {webhook, true},
        {client_named("shop") + "[[hook]]\nclient = \"shop\"\nprovider = \"logto\"\nsecret = \"" +
             letters_from('A') + "\"\n",
         true}};
    for (auto const& [config, refused] : has_secrets)
        BOOST_TEST_CONTEXT(config) {
            auto from = with_files(config, on_network());
            from.config->is_open_to_all = true;
            if (refused)
                BOOST_TEST(fault(from) == "config.toml has secrets and is open to every user of "
                                          "the machine: chmod o= config.toml");
            else
                good(from);
        }
}

BOOST_AUTO_TEST_SUITE_END()
