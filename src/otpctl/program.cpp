#include "program.hpp"

#include "answers.hpp"
#include "version.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <istream>
#include <ostream>
#include <string_view>
#include <utility>

namespace otpd::otpctl {

namespace json = boost::json;

namespace {

/// otpd refuses, or what it says makes no sense; the reason is in what().
class refusal : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

secret_string token_of(invocation const& asked, surroundings const& with) {
    std::string text = with.variable("OTPD_ADMIN_TOKEN");
    if (!asked.token_file.empty()) {
        std::ifstream file(asked.token_file);
        text.clear();
        if (!std::getline(file, text)) throw refusal("cannot read " + asked.token_file);
    }
    if (!std::ranges::all_of(text, [](char c) { return '!' <= c && c <= '~'; }))
        throw refusal("the token has characters that no token has");
    return secret_string(std::move(text));
}

place place_for(invocation const& asked, surroundings const& with) {
    place at;
    if (asked.url.empty()) {
        at.socket = asked.socket;
    } else {
        try {
            at = place_of(asked.url);
        } catch (std::invalid_argument const& why) {
            throw usage_fault(why.what());
        }
        at.token = token_of(asked, with);
    }
    at.timeout = asked.timeout;
    return at;
}

std::string advice_for(reply const& answer) {
    if (answer.status == 401) return "; set OTPD_ADMIN_TOKEN, or --token-file";
    return "";
}

class session {
public:
    session(invocation const& asked, surroundings const& with)
        : asked_(asked), with_(with), at_(place_for(asked, with)) {}

    void run();

private:
    json::object ask(std::string verb, std::string target, json::object const* body = nullptr);
    json::object post(std::string target, json::object const& body) {
        return ask("POST", std::move(target), &body);
    }
    void print(std::string const& text);
    json::object about_all_clients(std::string const& target);
    void for_each_client(std::string const& target);
    void print_report(std::string (*as_text)(json::object const&));
    void override_destination();
    [[nodiscard]] json::object about_number() const {
        return {{"phone_number", asked_.operands.back()}};
    }
    [[nodiscard]] json::object with_reason(json::object body) const {
        if (asked_.reason) body["reason"] = *asked_.reason;
        return body;
    }

    invocation const& asked_;
    surroundings const& with_;
    place at_;
    std::string last_; ///< the last answer as it came
};

/// Throws refusal for everything but success.
json::object session::ask(std::string verb, std::string target, json::object const* body) {
    call what;
    what.verb = std::move(verb);
    what.target = std::move(target);
    if (body != nullptr) what.body = json::serialize(*body);
    auto answer = with_.ask(at_, what);
    boost::system::error_code ec;
    auto const parsed = json::parse(answer.body, ec);
    bool const is_object = !ec && parsed.is_object();
    if (answer.status >= 300 || !is_object) {
        if (asked_.as_json && is_object) with_.output << answer.body << '\n';
        if (!is_object)
            throw refusal("otpd answers " + std::to_string(answer.status) + " without JSON");
        auto const* const code = parsed.get_object().if_contains("code");
        if (answer.status == 404 && code != nullptr && *code == "not_found")
            throw refusal("this otpd has no " + what.target + ": is it an older version?");
        throw refusal(problem_text(parsed.get_object()) + advice_for(answer));
    }
    last_ = std::move(answer.body);
    return parsed.get_object();
}

void session::print(std::string const& text) {
    with_.output << (asked_.as_json ? last_ + '\n' : text);
}

/// Whether both are about the same limit or client. Their figures change from answer to answer.
bool are_about_the_same(json::value const& a, json::value const& b) {
    auto const has_same = [&](std::string_view name) {
        auto const* const of_a = a.get_object().if_contains(name);
        auto const* const of_b = b.get_object().if_contains(name);
        return of_a == nullptr || of_b == nullptr ? of_a == of_b : *of_a == *of_b;
    };
    return a.is_object() && b.is_object() && has_same("name") && has_same("client");
}

/// Adds the elements that are new.
void append(json::object& to, json::object const& more, std::string_view name) {
    auto* const list = to.if_contains(name);
    auto const* const added = more.if_contains(name);
    if (list == nullptr || !list->is_array() || added == nullptr || !added->is_array()) return;
    auto& all = list->get_array();
    for (auto const& entry : added->get_array()) {
        auto const is_it = [&entry](auto const& one) { return are_about_the_same(one, entry); };
        if (std::ranges::none_of(all, is_it)) all.push_back(entry);
    }
}

/// Where clients are many, an answer has those that otpd could look at in its time, and names the
/// next one. Prints each answer with --json.
json::object session::about_all_clients(std::string const& target) {
    constexpr int answers_max = 1000;
    bool const prints =
        asked_.as_json && asked_.called->name != "unlock" && asked_.called->name != "forget";
    auto body = about_number();
    json::object all;
    for (int n = 0; n < answers_max; ++n) {
        auto const answer = post(target, body);
        if (prints) with_.output << last_ << '\n';
        if (n == 0) all = answer;
        for (auto const* name : {"clients", "limits"})
            if (n != 0) append(all, answer, name);
        auto const* const next = answer.if_contains("next_client");
        if (next == nullptr || !next->is_string()) return all;
        body["from_client"] = *next;
    }
    throw refusal("otpd names ever more clients");
}

/// Goes on after a refusal, so that one client's does not keep the others from it.
void session::for_each_client(std::string const& target) {
    std::vector<std::string> clients;
    if (asked_.client) {
        clients.push_back(*asked_.client);
    } else {
        auto const found = about_all_clients("/numbers/find");
        if (auto const* const list = found.if_contains("clients"); list && list->is_array())
            for (auto const& entry : list->get_array())
                if (entry.is_object() && entry.get_object().contains("client"))
                    clients.emplace_back(entry.get_object().at("client").as_string());
    }
    if (clients.empty()) throw refusal("no client knows this number: is it typed right?");
    std::string refused;
    for (auto const& client : clients) {
        auto body = with_reason(about_number());
        body["client"] = client;
        try {
            auto const answer = post(target, body);
            print(described(answer));
        } catch (refusal const& why) {
            refused.append(refused.empty() ? "" : "\n").append(client + ": " + why.what());
        }
    }
    if (!refused.empty()) throw refusal(refused);
}

void session::print_report(std::string (*as_text)(json::object const&)) {
    auto const all = about_all_clients("/numbers/" + std::string(asked_.called->name));
    if (!asked_.as_json) with_.output << as_text(all);
}

void session::override_destination() {
    json::object body{{"destination", asked_.operands.back()}};
    bool const is_end = asked_.called->name == "end";
    body["action"] = is_end ? std::string_view(asked_.operands.front()) : asked_.called->name;
    if (!is_end) body["for_seconds"] = asked_.lasts.value().count();
    auto const answer =
        post(is_end ? "/destinations/end" : "/destinations", with_reason(std::move(body)));
    print(described(answer));
}

std::string path_of(std::string const& id) {
    bool const is_good =
        id.size() == 64 && id.find_first_not_of("0123456789abcdefABCDEF") == id.npos;
    if (!is_good) throw usage_fault("an ID has 64 hexadecimal digits: find shows it");
    return "/verifications/" + id;
}

void session::run() {
    auto const name = asked_.called->name;
    auto const show = [this](json::object const& answer,
                             std::string (*as_text)(json::object const&)) {
        print(as_text(answer));
    };
    if (name == "find" || name == "limits")
        print_report(name == "find" ? found_text : limits_text);
    else if (name == "why")
        show(ask("GET", path_of(asked_.operands.front())), story_of);
    else if (name == "unlock")
        for_each_client("/numbers/unlock");
    else if (name == "forget")
        for_each_client("/numbers/forget-devices");
    else if (name == "destinations" || name == "clients")
        show(ask("GET", '/' + std::string(name)), described);
    else if (name == "stats")
        show(ask("GET", "/stats"), stats_text);
    else if (name == "reload")
        show(post("/reload", {}), described);
    else if (name == "drain")
        show(post("/drain", with_reason({})), described);
    else
        override_destination();
}

/// A last operand of - is the first line of the input.
void read_operand(invocation& asked, std::istream& input) {
    if (asked.operands.empty() || asked.operands.back() != "-") return;
    auto& operand = asked.operands.back();
    if (!std::getline(input, operand)) throw usage_fault("the standard input is empty");
    auto const blank = " \t\r";
    operand.erase(0, std::min(operand.find_first_not_of(blank), operand.size()));
    operand.erase(operand.find_last_not_of(blank) + 1);
}

} // namespace

int run(int argc, char const* const* argv, surroundings const& with) {
    try {
        auto socket = with.variable("OTPD_SOCKET");
        // In a container both programs have the same environment.
        if (socket.empty()) socket = with.variable("OTPD_ADMIN_SOCKET");
        auto asked = parse_command_line(argc, argv, socket);
        if (asked.what == invocation::asks_for::help) {
            with.output << usage();
            return 0;
        }
        if (asked.what == invocation::asks_for::version) {
            with.output << "otpctl " << version << '\n';
            return 0;
        }
        read_operand(asked, with.input);
        session(asked, with).run();
        return 0;
    } catch (usage_fault const& why) {
        with.errors << "otpctl: " << why.what() << " (otpctl --help)\n";
        return 2;
    } catch (std::exception const& why) {
        with.errors << "otpctl: " << why.what() << '\n';
        return 1;
    }
}

int run_program(int argc, char** argv) {
    auto const variable = [](char const* name) {
        auto const* const value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
    };
    int const code = run(argc, argv, {std::cin, std::cout, std::cerr, variable, exchange});
    return std::cout.flush() ? code : 1;
}

} // namespace otpd::otpctl
