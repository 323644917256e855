// script/cluster starts the parts that its head lists, and ends all of them and nothing else.

#include "support/child_process.hpp"
#include "support/haproxy_process.hpp"
#include "support/http_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <iterator>
#include <map>

using namespace otpd::test;

namespace {

/// Reads DIR/cluster.env.
std::map<std::string, std::string> addresses_in(std::string const& directory) {
    std::ifstream in(directory + "/cluster.env");
    std::map<std::string, std::string> out;
    for (std::string line; std::getline(in, line);)
        out.emplace(line.substr(0, line.find('=')), line.substr(line.find('=') + 1));
    return out;
}

std::uint16_t port_in(std::string const& url) {
    return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

/// Every process that the script has printed.
std::vector<pid_t> pids_in(std::string const& output) {
    std::vector<pid_t> pids;
    constexpr std::string_view word = "  pid ";
    for (auto at = output.find(word); at != std::string::npos; at = output.find(word, at + 1))
        pids.push_back(std::stoi(output.substr(at + word.size())));
    return pids;
}

bool runs(pid_t process) {
    return ::kill(process, 0) == 0;
}

/// The code of the only SMS in the stub's log.
std::string code_in(std::string const& log) {
    std::ifstream in(log);
    std::string const text{std::istreambuf_iterator<char>(in), {}};
    constexpr std::string_view before = "code is ";
    auto const at = text.find(before);
    BOOST_TEST_REQUIRE(at != std::string::npos, text);
    return text.substr(at + before.size(), 6);
}

bool says_that_it_is_ready(std::string const& output) {
    return output.find("cluster: ready.") != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(script)

BOOST_DATA_TEST_CASE(it_runs_until_sigterm_and_leaves_nothing,
                     boost::unit_test::data::make({"redis", "postgres"}), store) {
    temporary_directory const directory;
    // The contents of the directory from an earlier run must not matter.
    auto const where = directory.path() + "/cluster";
    std::filesystem::create_directory(where);
    for (auto const* const name : {"/stub.log", "/otpd-1.log"})
        std::ofstream(where + name)
            << R"({"event":"listening","listener":"stub","address":"127.0.0.1:1"})"
               "\n"
            << R"({"event":"listening","listener":"api","address":"127.0.0.1:1"})"
               "\n";
    child_process script(CLUSTER_SCRIPT,
                         {"--store", store, "--programs", PROGRAMS, "--directory", where,
                          "OTPD_SERVER_DRAIN_DELAY_MS=0", "OTPD_STORE_TIMEOUT_MS=5000"},
                         {}, directory);
    script.wait_for_output(says_that_it_is_ready);
    auto const pids = pids_in(script.output());
    BOOST_TEST(pids.size() == 6U); // the store, the stub, three instances and HAProxy
    for (auto const process : pids)
        BOOST_TEST(runs(process));

    auto addresses = addresses_in(where);
    http_client client(port_in(addresses.at("CLUSTER_URL")));
    auto const ask = [&](http_request const& request) {
        return client.ask(
            request.with("Authorization", "Bearer " + addresses.at("API_AUTH_TOKEN")));
    };
    auto const sent = ask(post("/send-otp", {{"phone_number", "31612345678"}}));
    BOOST_REQUIRE_MESSAGE(sent.status == 200, sent.body);
    BOOST_TEST(object_of(sent).at("debug_code").is_null());
    auto const code = code_in(where + "/stub.log");
    auto const verified =
        ask(post("/verify-otp", {{"phone_number", "31612345678"}, {"code", code}}));
    BOOST_TEST(verified.status == 200, verified.body);
    for (auto const* const name : {"OTPD_1_URL", "OTPD_2_URL", "OTPD_3_URL"})
        BOOST_TEST(http_client(port_in(addresses.at(name))).ask(get("/readyz")).status == 200);

    // The script reports an instance that ends, and the others continue.
    ::kill(std::stoi(addresses.at("OTPD_2_PID")), SIGKILL);
    script.wait_for_output([](std::string const& output) {
        return output.find("ended with 137") != std::string::npos;
    });
    BOOST_TEST(client.ask(get("/readyz")).status == 200);
    BOOST_TEST(addresses.at("STORE_PID") == std::to_string(pids.front()));

    script.signal(SIGTERM);
    BOOST_TEST(script.wait() == 0);
    BOOST_TEST(script.errors() == "");
    for (auto const process : pids)
        BOOST_TEST(!runs(process));
}

BOOST_AUTO_TEST_CASE(it_leaves_nothing_when_a_part_does_not_start) {
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor const taken(context,
                                               {boost::asio::ip::address_v4::loopback(), 0});
    temporary_directory const directory;
    child_process script(CLUSTER_SCRIPT,
                         {"--programs", PROGRAMS, "--directory", directory.path() + "/cluster",
                          "--listen", std::to_string(taken.local_endpoint().port()),
                          "OTPD_SERVER_DRAIN_DELAY_MS=0"},
                         {}, directory);
    BOOST_TEST(script.wait() == 1);
    BOOST_TEST(script.errors().find("is taken") != std::string::npos, script.errors());
    auto const pids = pids_in(script.output());
    BOOST_TEST(pids.size() == 5U);
    for (auto const process : pids)
        BOOST_TEST(!runs(process));
    BOOST_TEST(addresses_in(directory.path() + "/cluster").empty());
}

BOOST_AUTO_TEST_CASE(it_says_what_is_wrong_with_its_arguments) {
    temporary_directory const directory;
    for (auto const* const wrong : {"--instances=3", "--nothing", "listen"}) {
        child_process script(CLUSTER_SCRIPT, {wrong}, {}, directory);
        BOOST_TEST(script.wait() == 1);
    }
    child_process many(CLUSTER_SCRIPT, {"--instances", "5"}, {}, directory);
    BOOST_TEST(many.wait() == 1);
    BOOST_TEST(many.errors() == "cluster: --instances 5: must be 1 to 4\n");
    child_process elsewhere(CLUSTER_SCRIPT, {"--store", "sqlite"}, {}, directory);
    BOOST_TEST(elsewhere.wait() == 1);
    BOOST_TEST(elsewhere.errors() == "cluster: --store sqlite: must be redis or postgres\n");
}

BOOST_AUTO_TEST_SUITE_END()
