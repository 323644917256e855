#pragma once

/// The store that the instances of a cluster share: a real server, on which otpd has only the
/// rights that it needs.

#include "integration/service/service_fixture.hpp"
#include "support/postgres_process.hpp"
#include "support/redis_process.hpp"

#include <string>

namespace otpd::test {

class cluster_store {
public:
    virtual ~cluster_store() = default;
    cluster_store() = default;
    cluster_store(cluster_store const&) = delete;
    cluster_store& operator=(cluster_store const&) = delete;

    /// Of an instance.
    [[nodiscard]] virtual environment settings() const = 0;
    virtual void start() = 0;
    virtual void stop() = 0;
    /// Kills it, which loses unwritten data.
    virtual void kill() = 0;

protected:
    static constexpr char const* password = "of-otpd-2b7e";
};

/// Valkey or Redis, with the users of script/store-acl.
class redis_of_cluster final : public cluster_store {
public:
    ~redis_of_cluster() override {
        BOOST_TEST(server_.ask({"ACL", "LOG"}) == "*0"); // nothing was refused to otpd
    }
    [[nodiscard]] environment settings() const override {
        return {{"OTPD_STORE_URL", "redis://otpd@127.0.0.1:" + std::to_string(server_.port())},
                {"OTPD_STORE_PASSWORD", password}};
    }
    void start() override { server_.start(); }
    void stop() override { server_.stop(); }
    void kill() override { server_.kill(); }

private:
    /// The users of the script; the test itself may connect without a name.
    std::string users() const {
        child_process script(
            STORE_ACL, {},
            {{"VALKEY_OTPD_PASSWORD", password}, {"VALKEY_OPERATOR_PASSWORD", "unused"}},
            directory_);
        BOOST_REQUIRE(script.wait() == 0);
        auto text = script.output();
        std::string const nobody = "user default reset off";
        BOOST_REQUIRE(text.find(nobody) == 0U);
        return directory_.add("users.acl",
                              "user default on nopass ~* &* +@all" + text.substr(nobody.size()));
    }

    temporary_directory directory_; ///< for the users
    redis_process server_{{true,
                           {},
                           {"--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy",
                            "noeviction", "--aclfile", users()}}};
};

/// With a role that has exactly the rights which `otpd --print-schema` grants.
class postgres_of_cluster final : public cluster_store {
public:
    postgres_of_cluster() {
        server_.ask("create role app login password '" + std::string(password) + "'");
        child_process printed(OTPD_PROGRAM, {"--print-schema=app"},
                              {{"BRIDGEXAPI_API_KEY", api_key}}, directory_);
        BOOST_REQUIRE(printed.wait() == 0);
        server_.ask(printed.output());
    }
    [[nodiscard]] environment settings() const override {
        // The disk of a busy machine may take longer than a step's default timeout.
        return {{"OTPD_STORE_URL", server_.url("app")},
                {"OTPD_STORE_PASSWORD", password},
                {"OTPD_STORE_TIMEOUT_MS", "5000"}};
    }
    void start() override { server_.start(); }
    void stop() override { server_.stop(); }
    void kill() override { server_.kill(); }

private:
    temporary_directory directory_; ///< ignores the user's configuration
    postgres_process server_{
        postgres_setup{.tcp = true, .turned_clock = "", .password = "of-the-owner", .more = {}}};
};

} // namespace otpd::test
