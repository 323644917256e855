#include "answers.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

namespace otpd::otpctl {

namespace json = boost::json;

namespace {

using rows = std::vector<std::vector<std::string>>;

/// Control characters could write anything to a terminal. UTF-8 stays.
std::string printable(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
    return out;
}

std::string number_text(double value) {
    std::array<char, 64> text{};
    auto const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

std::string text_of(json::value const& value);

std::string joined(json::array const& list) {
    std::string out;
    for (auto const& entry : list)
        out.append(out.empty() ? "" : ", ").append(text_of(entry));
    return out.empty() ? "-" : out;
}

std::string text_of(json::value const& value) {
    switch (value.kind()) {
    case json::kind::null:
        return "-";
    case json::kind::bool_:
        return value.get_bool() ? "yes" : "no";
    case json::kind::int64:
        return std::to_string(value.get_int64());
    case json::kind::uint64:
        return std::to_string(value.get_uint64());
    case json::kind::double_:
        return number_text(value.get_double());
    case json::kind::string:
        return printable(value.get_string());
    case json::kind::array:
        return joined(value.get_array());
    case json::kind::object:
        break;
    }
    std::string out;
    for (auto const& [name, member] : value.get_object())
        out.append(out.empty() ? "" : " ")
            .append(printable(name))
            .append("=")
            .append(text_of(member));
    return out;
}

/// "-" if there is none.
std::string member(json::object const& of, std::string_view name) {
    auto const* const value = of.if_contains(name);
    return value == nullptr ? "-" : text_of(*value);
}
/// Empty if it is not there or null.
std::string optional_member(json::object const& of, std::string_view name) {
    auto const* const value = of.if_contains(name);
    return value == nullptr || value->is_null() ? "" : text_of(*value);
}

std::int64_t whole(json::object const& of, std::string_view name) {
    auto const* const value = of.if_contains(name);
    if (value == nullptr || !value->is_number()) return 0;
    return static_cast<std::int64_t>(value->to_number<double>());
}

json::array const& list_of(json::object const& of, std::string_view name) {
    static json::array const none;
    auto const* const value = of.if_contains(name);
    return value != nullptr && value->is_array() ? value->get_array() : none;
}
json::object const& object_of(json::object const& of, std::string_view name) {
    static json::object const none;
    auto const* const value = of.if_contains(name);
    return value != nullptr && value->is_object() ? value->get_object() : none;
}

/// Names become headings: `wrong_guesses` is WRONG GUESSES.
std::string heading(std::string_view name) {
    std::string out = printable(name);
    std::ranges::transform(out, out.begin(), [](char c) {
        if (c == '_') return ' ';
        return 'a' <= c && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return out;
}

bool is_table(json::value const& value) {
    return value.is_array() && !value.get_array().empty() &&
           std::ranges::all_of(value.get_array(),
                               [](auto const& entry) { return entry.is_object(); });
}

/// With a column for each member that any of them has.
std::string table_of(json::array const& objects) {
    std::vector<std::string> names;
    for (auto const& object : objects)
        for (auto const& [name, ignored] : object.get_object())
            if (std::ranges::find(names, std::string_view(name)) == names.end())
                names.emplace_back(name);
    rows all(1);
    for (auto const& name : names)
        all.front().push_back(heading(name));
    for (auto const& object : objects) {
        auto& row = all.emplace_back();
        for (auto const& name : names)
            row.push_back(member(object.get_object(), name));
    }
    return table(all);
}

/// Values as lines with their names from the top, `sends.accepted`; tables go to `after`.
void flatten(json::object const& from, std::string const& above, rows& lines, std::string& after) {
    for (auto const& [key, value] : from) {
        auto const name = above + printable(key);
        if (value.is_object())
            flatten(value.get_object(), name + '.', lines, after);
        else if (is_table(value))
            after += '\n' + name + ":\n" + table_of(value.get_array());
        else
            lines.push_back({name, text_of(value)});
    }
}

} // namespace

std::string table(rows const& all) {
    std::vector<std::size_t> widths;
    // A character of UTF-8 has one byte that is no continuation.
    auto const width_of = [](std::string const& text) {
        return static_cast<std::size_t>(std::ranges::count_if(
            text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
    };
    for (auto const& row : all) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width_of(row[i]));
    }
    std::string out;
    for (auto const& row : all) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += row[i] + std::string(widths[i] - width_of(row[i]) + 2, ' ');
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

std::string described(json::object const& answer) {
    rows lines;
    std::string after;
    flatten(answer, "", lines, after);
    auto out = table(lines) + after;
    return out.starts_with('\n') ? out.substr(1) : out;
}

// ---- a verification ----------------------------------------------------------------------------

namespace {

/// What the words say; the rest of an event follows them.
class event_members {
public:
    explicit event_members(json::object const& event) noexcept : event_(event) {}

    /// `before`, the value and `after`; nothing without the member.
    std::string say(std::string_view before, std::string_view name, std::string_view after = "") {
        said_.insert(name);
        auto const text = optional_member(event_, name);
        return text.empty() ? "" : std::string(before) + text + std::string(after);
    }
    [[nodiscard]] std::string raw(std::string_view name) {
        said_.insert(name);
        return optional_member(event_, name);
    }
    [[nodiscard]] std::string rest() const {
        std::string out;
        for (auto const& [name, value] : event_)
            if (!said_.contains(std::string_view(name)))
                out.append(out.empty() ? " (" : ", ")
                    .append(heading_words(name))
                    .append(" ")
                    .append(text_of(value));
        return out.empty() ? out : out + ')';
    }

private:
    static std::string heading_words(std::string_view name) {
        auto out = printable(name);
        std::ranges::replace(out, '_', ' ');
        return out;
    }

    json::object const& event_;
    std::set<std::string_view> said_{"at", "event"};
};

std::string words_of_step(event_members& event) {
    auto const outcome = event.raw("outcome");
    auto out = event.say("route ", "route_id");
    if (outcome == "chosen") return out + " chosen" + event.say(", expected price ", "price");
    if (outcome == "hedged")
        return out + " chosen for a second message" + event.say(", expected price ", "price");
    if (outcome == "skipped")
        return out + " skipped" + event.say(": ", "reason") + event.say(", price ", "price");
    if (outcome == "rejected") return out + " refused by BridgeXAPI" + event.say(": ", "reason");
    if (outcome == "not_sent") return out + " not reached" + event.say(": ", "reason");
    return out + ' ' + outcome;
}

std::string words_of_delivery(event_members& event) {
    auto const status = event.raw("status");
    if (status == "DELIVERED") return "delivered" + event.say(" after ", "seconds", " s");
    auto const error = event.say(": ", "error");
    auto const reason = event.raw("reason");
    if (reason == "not_sent") return "not sent after all";
    bool const is_final = !event.raw("seconds").empty() || !error.empty();
    if (is_final)
        return "not delivered" + (error.empty() ? ": " + status : error) +
               event.say(", after ", "seconds", " s");
    return "on its way: " + (status.empty() ? "found at BridgeXAPI" : status) +
           event.say(" as ", "bx_message_id");
}

} // namespace

std::string words_of(json::object const& event, int& wrong_guesses) {
    event_members members(event);
    auto const type = optional_member(event, "event");
    std::string out;
    if (type == "admitted")
        out = "admitted" + members.say(", country ", "country") +
              members.say(", route plan ", "route_plan") + members.say("; left: ", "limits");
    else if (type == "step")
        out = words_of_step(members);
    else if (type == "accepted")
        out = "sent" + members.say(" over route ", "route_id") + members.say(" for ", "cost") +
              members.say(", accepted as ", "bx_message_id") + members.say(", order ", "order_id");
    else if (type == "unknown")
        out = "may have been sent" + members.say(" over route ", "route_id") +
              members.say(": ", "reason");
    else if (type == "delivery")
        out = words_of_delivery(members);
    else if (type == "wrong_code")
        out = "wrong guess (" + std::to_string(++wrong_guesses) + ')';
    else if (type == "verified")
        out = "verified";
    else if (type == "replaced")
        out = "over: a newer one of this number and purpose took its place, or was verified";
    else if (type == "canceled")
        out = "canceled by the application";
    else
        out = printable(type);
    if (type == "accepted") static_cast<void>(members.raw("price")); // the cost is what counts
    return out + members.rest();
}

std::string story_of(json::object const& verification) {
    auto const& of = verification;
    std::string message = member(of, "delivery");
    for (auto const& [before, name] : {std::pair(", route ", "route_id"),
                                       {", cost ", "cost"},
                                       {" ", "currency"},
                                       {", ", "bx_message_id"},
                                       {", order ", "order_id"}})
        if (auto const text = optional_member(of, name); !text.empty()) message += before + text;
    rows head{{"verification", member(of, "verification_id")},
              {"purpose", member(of, "purpose")},
              {"code", member(of, "state") + ", " + duration_text(whole(of, "expires_in_seconds")) +
                           " and " + member(of, "attempts_left") + " attempts left"},
              {"message", message}};
    for (auto const* name : {"client", "phone_number", "reference"})
        if (auto const text = optional_member(of, name); !text.empty())
            head.insert(head.begin() + 1, {name, text});

    rows lines;
    std::string day;
    int wrong_guesses = 0;
    for (auto const& entry : list_of(of, "events")) {
        if (!entry.is_object()) continue;
        auto const& event = entry.get_object();
        // 2026-11-30T14:02:11.123Z
        auto const at = optional_member(event, "at");
        bool const is_time = at.size() >= 19;
        if (is_time && at.substr(0, 10) != day) {
            day = at.substr(0, 10);
            lines.push_back({day + " UTC"});
        }
        lines.push_back({(is_time ? at.substr(11, 8) : at) + ' ' + words_of(event, wrong_guesses)});
    }
    return table(head) + '\n' + table(lines);
}

// ---- a number ----------------------------------------------------------------------------------

namespace {

std::string limits_table(json::array const& limits) {
    rows all{{"LIMIT", "LEFT", "OF", "FULL AGAIN IN", ""}};
    for (auto const& entry : limits) {
        if (!entry.is_object()) continue;
        auto const& limit = entry.get_object();
        bool const observes = optional_member(limit, "observe") == "yes";
        auto name = member(limit, "name");
        if (auto const key = optional_member(limit, "key"); !key.empty() && key != name)
            name += " (" + key + ')';
        if (auto const client = optional_member(limit, "client"); !client.empty())
            name += " of " + client;
        // A conversion guard has more room than its bound after codes were typed.
        bool const is_above = whole(limit, "remaining") > whole(limit, "limit");
        auto left = member(limit, is_above ? "limit" : "remaining");
        all.push_back({std::move(name), std::move(left), member(limit, "limit"),
                       duration_text(whole(limit, "reset_seconds")),
                       observes ? "observes only" : ""});
    }
    return all.size() == 1 ? "no limits\n" : table(all);
}

std::string number_line(json::object const& answer) {
    auto out = "number " + member(answer, "phone_number");
    if (auto const& to = object_of(answer, "destination"); !to.empty()) {
        out += ", " + member(to, "country") + ", " + member(to, "verdict");
        if (auto const why = optional_member(to, "why"); !why.empty()) out += ": " + why;
        if (optional_member(to, "trusted") == "yes") out += "; trusted";
        if (auto const& denied = list_of(to, "denied_clients"); !denied.empty())
            out += "; denied to " + joined(denied);
    }
    return out + '\n';
}

std::string locks_text(json::object const& client) {
    std::string out;
    if (auto const seconds = whole(client, "locked_for_seconds"); seconds > 0)
        out = duration_text(seconds);
    if (auto const seconds = whole(client, "devices_locked_for_seconds"); seconds > 0)
        out += (out.empty() ? "" : ", ") + ("devices " + duration_text(seconds));
    return out.empty() ? "-" : out;
}

std::string cooldowns_text(json::object const& client) {
    std::string out;
    for (auto const& entry : list_of(client, "cooldowns"))
        if (entry.is_object())
            out += (out.empty() ? "" : ", ") + member(entry.get_object(), "purpose") + ' ' +
                   duration_text(whole(entry.get_object(), "retry_after_seconds"));
    return out.empty() ? "-" : out;
}

} // namespace

std::string limits_text(json::object const& answer) {
    return number_line(answer) + '\n' + limits_table(list_of(answer, "limits"));
}

std::string found_text(json::object const& answer) {
    auto out = number_line(answer);
    rows clients{{"CLIENT", "KNOWN DEVICES", "WRONG GUESSES", "LOCKED FOR", "COOLDOWN"}};
    rows verifications{
        {"CREATED", "CLIENT", "PURPOSE", "STATUS", "MESSAGE", "ROUTE", "COST", "ID"}};
    for (auto const& entry : list_of(answer, "clients")) {
        if (!entry.is_object()) continue;
        auto const& client = entry.get_object();
        clients.push_back(
            {member(client, "client"), member(client, "known_devices"),
             member(client, "wrong_guesses") + " of " + member(client, "wrong_guesses_max"),
             locks_text(client), cooldowns_text(client)});
        for (auto const& one : list_of(client, "verifications")) {
            if (!one.is_object()) continue;
            auto const& verification = one.get_object();
            auto const& message = object_of(verification, "message");
            auto status = member(message, "status");
            if (auto const error = optional_member(message, "error"); !error.empty())
                status += ": " + error;
            auto created = member(verification, "created_at");
            if (created.size() >= 19) created = created.substr(0, 10) + ' ' + created.substr(11, 8);
            verifications.push_back(
                {created, member(client, "client"), member(verification, "purpose"),
                 member(verification, "status"), status, member(message, "route_id"),
                 member(message, "cost"), member(verification, "verification_id")});
        }
    }
    out += clients.size() == 1 ? "no client knows it\n" : '\n' + table(clients);
    if (verifications.size() > 1) out += '\n' + table(verifications);
    if (answer.contains("limits")) out += '\n' + limits_table(list_of(answer, "limits"));
    return out;
}

// ---- the service -------------------------------------------------------------------------------

namespace {

/// The lowest bound that `share` of the samples do not exceed; nullopt if there is none.
std::optional<double> quantile(json::object const& histogram, double share) {
    auto const wanted = share * static_cast<double>(whole(histogram, "count"));
    for (auto const& entry : list_of(histogram, "buckets")) {
        if (!entry.is_array() || entry.get_array().size() != 2) continue;
        auto const& bucket = entry.get_array();
        if (!bucket[0].is_number() || !bucket[1].is_number()) continue;
        if (bucket[1].to_number<double>() >= wanted) return bucket[0].to_number<double>();
    }
    return std::nullopt;
}

std::string latency_text(json::object const& histogram) {
    auto const within = [&histogram](double share) {
        auto const bound = quantile(histogram, share);
        return bound ? number_text(*bound) + " s" : std::string("more");
    };
    if (whole(histogram, "count") == 0) return "none yet";
    return "half within " + within(0.5) + ", 99 % within " + within(0.99);
}

} // namespace

std::string stats_text(json::object const& answer) {
    rows lines{{"version", member(answer, "version")},
               {"at", member(answer, "at")},
               {"running for", duration_text(whole(answer, "uptime_seconds"))},
               {"ready", member(answer, "ready")}};
    for (auto const& entry : list_of(answer, "faults"))
        lines.push_back({"FAULT", text_of(entry)});
    auto rest = answer;
    for (auto const* name : {"version", "at", "uptime_seconds", "ready", "faults", "latencies"})
        rest.stable_erase(name);
    std::string after;
    flatten(rest, "", lines, after);
    for (auto const& [name, histogram] : object_of(answer, "latencies"))
        if (histogram.is_object())
            lines.push_back({"latencies." + printable(name), latency_text(histogram.get_object())});
    return table(lines) + after;
}

std::string problem_text(json::object const& problem) {
    auto out = optional_member(problem, "detail");
    if (out.empty()) out = member(problem, "title");
    if (auto const code = optional_member(problem, "code"); !code.empty()) out += " [" + code + ']';
    for (auto const& entry : list_of(problem, "errors")) {
        bool const has_text = entry.is_object() && entry.get_object().contains("msg");
        out += "\n  " + (has_text ? member(entry.get_object(), "msg") : text_of(entry));
    }
    return out;
}

std::string duration_text(std::int64_t seconds) {
    constexpr std::array<std::pair<std::int64_t, char>, 4> units{
        {{86'400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}};
    std::string out;
    int parts = 0;
    for (auto const& [length, unit] : units) {
        auto const count = seconds / length;
        seconds %= length;
        if (count > 0 && parts < 2) out += std::to_string(count) + unit;
        if (!out.empty()) ++parts; // two units are enough
    }
    return out.empty() ? "0s" : out;
}

} // namespace otpd::otpctl
