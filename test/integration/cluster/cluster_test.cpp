// The guarantees of one instance also hold for three that share a store. The end of any part causes
// no second SMS and loses no code (docs/guarantees.md).

#include "cluster_fixture.hpp"
#include "integration/service/admission_cases.hpp"

#include <map>
#include <numeric>
#include <set>
#include <tuple>

using namespace otpd::test;

namespace {

// A sanitizer finds nothing new in the service with another store, and this suite takes the
// longest.
#ifdef OTPD_SANITIZED
using stores = std::tuple<redis_of_cluster>;
#else
using stores = std::tuple<redis_of_cluster, postgres_of_cluster>;
#endif

std::size_t sum(std::array<std::size_t, cluster_fixture::size> const& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

/// A limit per number, one that many numbers share, a global one, and the conversion guard.
std::array<std::string, 4> const cluster_cases{"number_24h", "prefix_1h", "global_24h",
                                               "pumping_prefix"};

/// No number got two messages, whatever its client was told.
void check_no_number_was_sent_to_twice(cluster_fixture& cluster) {
    std::map<std::string, int> received;
    for (auto const& message : cluster.stub.messages())
        ++received[std::string(message.at("number").as_string())];
    BOOST_TEST(!received.empty());
    for (auto const& [number, times] : received)
        if (times != 1) BOOST_TEST(times == 1, number << " got " << times << " messages");
}

/// Every number got its one message, and every client the right answers.
void check_nothing_failed(cluster_fixture& cluster, std::vector<outcome> const& outcomes) {
    for (auto const& outcome : outcomes)
        if (outcome.sent != 200 || outcome.verified != 200)
            BOOST_TEST(false, outcome.number << ": " << outcome.sent << ", then "
                                             << outcome.verified << ": " << outcome.problem);
    BOOST_TEST(cluster.sms() == outcomes.size());
    check_no_number_was_sent_to_twice(cluster);
}

} // namespace

BOOST_AUTO_TEST_SUITE(cluster)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_code_sent_by_one_instance_verifies_on_every_other, Store, stores) {
    cluster_fixture cluster(std::make_unique<Store>());
    for (auto const& sender : cluster.instances)
        for (auto const& verifier : cluster.instances) {
            auto const number = cluster.fresh_number();
            auto const code = cluster.sent_code(number, sender->port());
            http_client client(verifier->port());
            check_outcome(client.ask(cluster.verify_request(number, wrong_code(code))), 400,
                          "invalid_code");
            auto const at_all = [&](http_request const& request, unsigned status,
                                    std::string_view error) {
                for (auto const& other : cluster.instances)
                    check_outcome(http_client(other->port()).ask(request), status, error);
            };
            at_all(cluster.send_request(number), 429, "cooldown_active");
            check_outcome(client.ask(cluster.verify_request(number, code)), 200);
            at_all(cluster.verify_request(number, code), 404, "no_active_otp");
        }
    BOOST_TEST(cluster.sms() == cluster_fixture::size * cluster_fixture::size);
}

// An instance that starts knows of it before it sends.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_destination_that_one_instance_denies_is_denied_by_all, Store,
                              stores) {
    constexpr char const* operators_token = "token-of-the-operator";
    cluster_fixture cluster(std::make_unique<Store>(), {{"OTPD_ADMIN_TOKEN", operators_token}});
    auto const to_admin = [&](std::size_t instance, http_request const& request) {
        return http_client(cluster.instances[instance]->admin_port())
            .ask(request.with("Authorization", std::string("Bearer ") + operators_token));
    };
    auto const status_at = [&](std::size_t instance) {
        return http_client(cluster.instances[instance]->port())
            .ask(cluster.send_request(cluster.fresh_number()))
            .status;
    };
    auto const is_denied_at = [&](std::size_t instance) {
        auto const seen =
            to_admin(instance, post("/numbers/limits", {{"phone_number", cluster.fresh_number()}}));
        return object_of(seen).at("destination").at("verdict").as_string() == "denied";
    };
    auto const number = cluster.fresh_number();
    cluster.sent_code(number, cluster.instances[1]->port());
    auto const found = to_admin(2, post("/numbers/find", {{"phone_number", number}}));
    BOOST_TEST(object_of(found).at("clients").at(0).at("verifications").as_array().size() == 1U);

    json::object denial{{"destination", "31612"}, {"action", "deny"}, {"reason", "ticket 4711"}};
    auto ending = denial;
    denial["for_seconds"] = 3600;
    check_outcome(to_admin(0, post("/destinations", denial)), 200);
    BOOST_TEST(status_at(0) == 403U);
    for (std::size_t i = 1; i < cluster_fixture::size; ++i) {
        eventually([&] { return is_denied_at(i); });
        BOOST_TEST(status_at(i) == 403U);
    }
    cluster.instances[1]->process().signal(SIGTERM);
    BOOST_TEST(cluster.instances[1]->process().wait() == 0);
    cluster.start(1);
    BOOST_TEST(status_at(1) == 403U);
    check_outcome(to_admin(2, post("/destinations/end", ending)), 200);
    for (std::size_t i = 0; i < cluster_fixture::size; ++i) {
        eventually([&] { return !is_denied_at(i); });
        BOOST_TEST(status_at(i) == 200U);
    }
}

// They also survive a restart of an instance.
BOOST_AUTO_TEST_CASE_TEMPLATE(every_instance_shows_the_scores_of_all, Store, stores) {
    cluster_fixture cluster(std::make_unique<Store>(),
                            {{"OTPD_ROUTES_SCORE_REFRESH_SECONDS", "1"}});
    for (auto const& sender : cluster.instances)
        for (auto const& verifier : cluster.instances) {
            auto const number = cluster.fresh_number();
            auto const code = cluster.sent_code(number, sender->port());
            check_outcome(http_client(verifier->port()).ask(cluster.verify_request(number, code)),
                          200);
        }
    auto const shows_all = [&](otpd_process const& instance) {
        auto const reply = http_client(instance.port())
                               .ask(get("/routes/scores?country=NL")
                                        .with("Authorization", cluster_fixture::authorization));
        BOOST_REQUIRE_MESSAGE(reply.status == 200, reply.body);
        auto const scores = object_of(reply).at("scores").as_array();
        return scores.size() == 1 && scores[0].at("sent").to_number<int>() == 9 &&
               scores[0].at("verified").to_number<int>() == 9;
    };
    for (auto const& instance : cluster.instances)
        eventually([&] { return shows_all(*instance); });
    cluster.instances[0]->process().signal(SIGTERM);
    BOOST_TEST(cluster.instances[0]->process().wait() == 0);
    cluster.start(0);
    eventually([&] { return shows_all(*cluster.instances[0]); });
}

// Round robin: a send and its check reach different instances.
BOOST_AUTO_TEST_CASE_TEMPLATE(behind_the_balancer_a_code_is_verified_where_it_was_not_sent, Store,
                              stores) {
    cluster_fixture cluster(std::make_unique<Store>());
    for (int i = 0; i < 6; ++i) {
        auto const number = cluster.fresh_number();
        auto const sent_before = cluster.count("otp_sent");
        auto const verified_before = cluster.count("otp_verified");
        auto const code = cluster.sent_code(number);
        check_outcome(cluster.ask(cluster.verify_request(number, code)), 200);
        // The log may lag behind the answer.
        eventually([&] {
            return sum(cluster.count("otp_sent")) == sum(sent_before) + 1 &&
                   sum(cluster.count("otp_verified")) == sum(verified_before) + 1;
        });
        auto const sent = cluster.count("otp_sent");
        auto const verified = cluster.count("otp_verified");
        for (std::size_t n = 0; n < cluster_fixture::size; ++n)
            BOOST_TEST(!(sent[n] > sent_before[n] && verified[n] > verified_before[n]),
                       "instance " << n + 1 << " did both");
    }
}

// Check and send are one atomic step across all instances.
BOOST_AUTO_TEST_CASE_TEMPLATE(of_300_parallel_sends_for_one_number_one_is_sent, Store, stores) {
    cluster_fixture cluster(std::make_unique<Store>());
    std::vector<http_request> const sends(300, cluster.send_request(cluster.fresh_number()));
    auto const replies = ask_in_parallel(cluster.port(), sends, sends.size());
    BOOST_TEST(count_status(replies, 200) == 1U);
    BOOST_TEST(count_status(replies, 429) == 299U);
    for (auto const& reply : replies)
        if (reply.status != 200) check_outcome(reply, 429, "cooldown_active");
    BOOST_TEST(cluster.stub.requests().size() == 1U);
    BOOST_TEST(cluster.sms() == 1U);
}

// Five guesses per code, however many instances are used.
BOOST_AUTO_TEST_CASE_TEMPLATE(of_1000_parallel_wrong_checks_5_are_evaluated, Store, stores) {
    cluster_fixture cluster(std::make_unique<Store>());
    auto const number = cluster.fresh_number();
    auto const code = cluster.sent_code(number);
    std::vector<http_request> checks;
    for (int i = 0; i < 1000; ++i)
        checks.push_back(cluster.verify_request(number, wrong_code(code, i)));
    auto const replies = ask_in_parallel(cluster.port(), checks, 50);
    BOOST_TEST(count_status(replies, 400) == 5U);
    BOOST_TEST(count_status(replies, 429) == 995U);
    std::multiset<std::int64_t> left;
    for (auto const& reply : replies)
        if (reply.status == 400)
            left.insert(object_of(reply).at("attempts_left").to_number<std::int64_t>());
    BOOST_TEST((left == std::multiset<std::int64_t>{0, 1, 2, 3, 4}));
    for (auto const& instance : cluster.instances)
        check_outcome(http_client(instance->port()).ask(cluster.verify_request(number, code)), 429,
                      "attempts_exceeded");
}

// Quotas hold across all instances.
BOOST_AUTO_TEST_CASE_TEMPLATE(
    of_64_parallel_requests_through_all_instances_exactly_the_quota_is_sent, Store, stores) {
    for (auto const& admission_case : admission_cases()) {
        if (std::ranges::find(cluster_cases, admission_case.name) == cluster_cases.end()) continue;
        BOOST_TEST_CONTEXT(admission_case.name) {
            cluster_fixture cluster(std::make_unique<Store>(), admission_case.settings);
            check_admission(
                admission_case, cluster.port(), [&] { return cluster.sms(); },
                cluster_fixture::authorization);
        }
    }
}

// One Idempotency-Key gives one SMS and one reply, whichever instance is used.
BOOST_AUTO_TEST_CASE_TEMPLATE(one_idempotency_key_is_one_sms_over_all_instances, Store, stores) {
    cluster_fixture cluster(std::make_unique<Store>(),
                            environment{{"OTP_SEND_COOLDOWN_SECONDS", "0"}});
    auto const request =
        cluster.send_request(cluster.fresh_number()).with("Idempotency-Key", "k-1");
    auto const replies =
        ask_in_parallel(cluster.port(), std::vector<http_request>(50, request), 50);
    std::set<std::string> bodies;
    for (auto const& reply : replies)
        if (reply.status == 200)
            bodies.insert(reply.body);
        else
            check_outcome(reply, 409, "send_in_progress");
    for (auto const& instance : cluster.instances)
        bodies.insert(http_client(instance->port()).ask(request).body);
    BOOST_TEST(bodies.size() == 1U);
    BOOST_TEST(cluster.sms() == 1U);
}

// A code is accepted once.
BOOST_AUTO_TEST_CASE_TEMPLATE(of_200_parallel_right_checks_one_succeeds, Store, stores) {
    cluster_fixture cluster(std::make_unique<Store>());
    auto const number = cluster.fresh_number();
    std::vector<http_request> const checks(
        200, cluster.verify_request(number, cluster.sent_code(number)));
    auto const replies = ask_in_parallel(cluster.port(), checks, checks.size());
    BOOST_TEST(count_status(replies, 200) == 1U);
    BOOST_TEST(count_status(replies, 404) == 199U);
}

// Killing an instance affects only the requests that it is processing: no number gets a second SMS,
// no other request fails, and every code that a client was told of verifies elsewhere.
BOOST_AUTO_TEST_CASE_TEMPLATE(
    kill_9_of_an_instance_under_load_loses_no_code_and_sends_nothing_twice, Store, stores) {
    cluster_fixture cluster(std::make_unique<Store>());
    load clients(cluster);
    cluster.wait_for_more_sms(100);
    cluster.instances[0]->process().signal(SIGKILL);
    BOOST_TEST(cluster.instances[0]->process().wait() == 128 + SIGKILL);
    auto const gone = std::chrono::steady_clock::now(); // from here on its port refuses connections
    cluster.balancer->wait_for_state(1, "DOWN");
    cluster.wait_for_more_sms(100);
    auto const outcomes = clients.stop();

    for (auto const& outcome : outcomes) {
        auto const in_hand = [](unsigned status) { return status == 0 || status == 502; };
        if (in_hand(outcome.sent) || (outcome.sent == 200 && in_hand(outcome.verified))) {
            BOOST_TEST((outcome.asked <= gone), outcome.number << " was lost later");
        } else {
            BOOST_TEST((outcome.sent == 200 && outcome.verified == 200),
                       outcome.number << ": " << outcome.sent << ", then " << outcome.verified);
        }
        // It may have been used up without the client's knowledge.
        if (outcome.sent == 200 && outcome.verified != 200) {
            auto const again = cluster.ask(cluster.verify_request(outcome.number, outcome.code));
            BOOST_TEST((again.status == 200 || again.status == 404), again.body);
        }
    }
    check_no_number_was_sent_to_twice(cluster);

    cluster.start(0);
    cluster.balancer->wait_for_state(1, "UP");
    auto const number = cluster.fresh_number();
    auto const code = cluster.sent_code(number, cluster.instances[0]->port());
    check_outcome(cluster.ask(cluster.verify_request(number, code)), 200);
}

// Codes survive the instance that sent them, and also a kill -9 of the store.
BOOST_AUTO_TEST_CASE_TEMPLATE(acknowledged_codes_outlive_kill_9_of_their_instance_and_of_the_store,
                              Store, stores) {
    cluster_fixture cluster(std::make_unique<Store>());
    std::vector<std::pair<std::string, std::string>> codes;
    for (int i = 0; i < 20; ++i) {
        auto const number = cluster.fresh_number();
        codes.emplace_back(number, cluster.sent_code(number, cluster.instances[2]->port()));
    }
    cluster.instances[2]->process().signal(SIGKILL);
    cluster.instances[2]->process().wait();
    cluster.store->kill();
    cluster.wait_until_all_are("DOWN");
    cluster.store->start();
    cluster.start(2);
    cluster.wait_until_all_are("UP");
    for (auto const& [number, code] : codes)
        check_outcome(cluster.ask(cluster.verify_request(number, code)), 200);
}

// SIGTERM removes an instance without any client noticing.
BOOST_AUTO_TEST_CASE_TEMPLATE(draining_an_instance_under_load_fails_no_request, Store, stores) {
    // Longer than any balancer needs.
    cluster_fixture cluster(std::make_unique<Store>(),
                            environment{{"OTPD_SERVER_DRAIN_DELAY_MS", "6000"}});
    load clients(cluster);
    cluster.wait_for_more_sms(100);
    BOOST_TEST(cluster.instances[1]->stop() == 0);
    BOOST_TEST(cluster.balancer->state_of(2) == "DOWN");
    cluster.wait_for_more_sms(100);
    check_nothing_failed(cluster, clients.stop());
}

// The same if the balancer notices only while the instance drains: its kept connections carry
// requests until then.
BOOST_AUTO_TEST_CASE_TEMPLATE(draining_one_after_the_other_without_a_delay_fails_no_request, Store,
                              stores) {
    cluster_fixture cluster(std::make_unique<Store>());
    load clients(cluster);
    for (std::size_t i = 0; i < cluster_fixture::size; ++i) {
        cluster.wait_for_more_sms(50);
        storm others(cluster.port());
        BOOST_TEST(cluster.instances[i]->stop() == 0);
        cluster.balancer->wait_for_state(i + 1, "DOWN");
        BOOST_TEST(others.stop() == 0U);
        cluster.start(i);
        cluster.balancer->wait_for_state(i + 1, "UP");
    }
    check_nothing_failed(cluster, clients.stop());
}

// Connections end all the time after some idle time, and no request meets such an end.
BOOST_AUTO_TEST_CASE_TEMPLATE(the_end_of_idle_connections_fails_no_request, Store, stores) {
    cluster_fixture cluster(std::make_unique<Store>());
    load clients(cluster, std::chrono::milliseconds(2500));
    cluster.wait_for_more_sms(60);
    check_nothing_failed(cluster, clients.stop());
}

// Without the store, nothing is sent or verified, and clients hear it from the service itself. When
// the store is back, everything works as before.
BOOST_AUTO_TEST_CASE_TEMPLATE(without_the_store_nothing_is_sent_until_it_is_back, Store, stores) {
    cluster_fixture cluster(std::make_unique<Store>());
    auto const number = cluster.fresh_number();
    auto const code = cluster.sent_code(number);
    for (bool const killed : {false, true}) {
        auto const sent_before = cluster.stub.requests().size();
        if (killed) {
            cluster.store->kill();
        } else {
            cluster.store->stop();
        }
        auto const late = cluster.fresh_number();
        for (int i = 0; i < 12; ++i) {
            check_outcome(cluster.ask(cluster.send_request(late)), 503, "store_unavailable");
            check_outcome(cluster.ask(cluster.verify_request(number, code)), 503,
                          "store_unavailable");
        }
        cluster.wait_until_all_are("DOWN");
        check_outcome(cluster.ask(cluster.send_request(late)), 503, "store_unavailable");
        for (auto const& instance : cluster.instances)
            BOOST_TEST(http_client(instance->port()).ask(get("/readyz")).status == 503U);
        BOOST_TEST(cluster.stub.requests().size() == sent_before);

        cluster.store->start();
        cluster.wait_until_all_are("UP");
        check_outcome(cluster.ask(cluster.send_request(late)), 200);
        check_outcome(cluster.ask(cluster.send_request(number)), 429, "cooldown_active");
    }
    check_outcome(cluster.ask(cluster.verify_request(number, code)), 200);
}

BOOST_AUTO_TEST_SUITE_END()
