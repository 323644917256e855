/// Sends almost well-formed requests to a real otpd, over loopback, with a real stub behind it.
///
/// It must not crash or hang, no sanitizer may complain, every reply must be valid, a good request
/// must be answered whatever came before it, and every line of the log must be JSON. The seed is
/// printed; --first and --requests 1 repeat one connection.

#include "attackers.hpp"
#include "support/certificates.hpp"
#include "support/otpd_process.hpp"
#include "support/stub_process.hpp"

#include <boost/json/parse.hpp>
#include <boost/program_options.hpp>

#include <chrono>
#include <iostream>
#include <random>
#include <string>

namespace options = boost::program_options;
using namespace otpd;

namespace {

constexpr char const* token = "token-5f0c1b7a9d3e4f60";
constexpr char const* api_key = "key-6f1d2c-of-the-account";

struct arguments {
    std::string otpd;
    std::string stub;
    fuzz::attack_plan plan;
};

arguments read_arguments(int count, char** values) {
    arguments out;
    out.plan.token = token;
    long patience_ms = out.plan.patience.count();
    options::options_description known("fuzz_socket");
    auto add = known.add_options();
    add("otpd", options::value(&out.otpd)->required(), "the program");
    add("stub", options::value(&out.stub)->required(), "bridgexapi-stub");
    add("requests", options::value(&out.plan.requests)->default_value(out.plan.requests));
    add("seed", options::value(&out.plan.seed)->default_value(std::random_device()()));
    add("first", options::value(&out.plan.first), "number of the first connection");
    add("workers", options::value(&out.plan.workers)->default_value(out.plan.workers));
    add("patience-ms", options::value(&patience_ms)->default_value(patience_ms),
        "longest silence of a server that owes an answer");
    options::variables_map read;
    options::store(options::parse_command_line(count, values, known), read);
    options::notify(read);
    out.plan.patience = std::chrono::milliseconds(patience_ms);
    return out;
}

/// Returns what must not be in the log.
std::string fault_of_log(std::string_view log) {
    while (!log.empty()) {
        auto const end = std::min(log.find('\n'), log.size());
        boost::system::error_code fault;
        auto const line = boost::json::parse(log.substr(0, end), fault);
        if (fault || !line.is_object())
            return "not JSON in the log: " + std::string(log.substr(0, end));
        log.remove_prefix(std::min(end + 1, log.size()));
    }
    return {};
}

/// Ends the server cleanly. Its exit code and its error output reveal crashes and leaks.
std::string fault_of_end(test::otpd_process& server) {
    int const code = server.stop();
    auto const errors = server.process().errors();
    if (code != 0 || !errors.empty())
        return "the server ended with " + std::to_string(code) + '\n' + errors;
    return fault_of_log(server.process().output());
}

void report(fuzz::attackers const& all, std::chrono::milliseconds took) {
    auto const seconds = static_cast<double>(took.count()) / 1000;
    std::cout << all.requests() << " requests on " << all.connections() << " connections in "
              << seconds << " s, longest silence " << all.longest_silence().count() << " ms\n";
    for (auto const& [status, count] : all.replies().by_status)
        std::cout << "  " << status << ": " << count << '\n';
    for (auto const& [name, count] : all.replies().failures)
        std::cout << "  " << name << ": " << count << '\n';
}

void report_fault(std::string const& fault, fuzz::attackers const& all,
                  fuzz::attack_plan const& plan) {
    std::cout << "FAULT: " << fault << "\nconnections that were open:\n";
    for (auto const number : all.in_flight())
        std::cout << "  --seed " << plan.seed << " --first " << number
                  << " --requests 1 --workers 1: "
                  << fuzz::show(fuzz::make_attack(plan.seed, number, plan.token)) << '\n';
}

int run(arguments const& given) {
    auto const authority = test::make_authority();
    test::identity const loopback(test::certificate_profile(), authority);
    test::temporary_directory directory;
    test::stub_process stub(given.stub, loopback, test::stub_options{api_key});
    test::environment settings;
    settings["BRIDGEXAPI_API_KEY"] = api_key;
    settings["OTPD_BRIDGEXAPI_BASE_URL"] = stub.url();
    settings["OTPD_BRIDGEXAPI_CA_FILE"] =
        directory.add("authority.pem", authority.certificate_pem());
    settings["API_AUTH_TOKEN"] = token;
    // These limits would refuse almost every request before its other checks.
    for (auto const* const limit : {"CLIENT_1M", "PREFIX_1H", "COUNTRY_1H", "GLOBAL_1M",
                                    "GLOBAL_24H", "GUESSES_CLIENT_1M", "READS_CLIENT_1M"})
        settings[std::string("OTPD_LIMITS_") + limit] = "0";
    settings["OTPD_PUMPING_ENABLED"] = "false";
    settings["OTPD_MONEY_DAILY_CAP"] = "0";
    test::otpd_process server(given.otpd, settings);

    std::cout << "seed " << given.plan.seed << std::endl;
    fuzz::attackers all(given.plan, {boost::asio::ip::address_v4::loopback(), server.port()});
    auto const began = std::chrono::steady_clock::now();
    all.run();
    report(all, std::chrono::duration_cast<std::chrono::milliseconds>(
                    std::chrono::steady_clock::now() - began));
    auto fault = all.fault();
    auto const at_end = fault_of_end(server);
    if (!at_end.empty()) fault += (fault.empty() ? "" : "\n") + at_end;
    if (fault.empty()) return EXIT_SUCCESS;
    report_fault(fault, all, given.plan);
    return EXIT_FAILURE;
}

} // namespace

int main(int count, char** values) {
    try {
        return run(read_arguments(count, values));
    } catch (std::exception const& failure) {
        std::cerr << "fuzz_socket: " << failure.what() << '\n';
        return EXIT_FAILURE;
    }
}
