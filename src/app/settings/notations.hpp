#pragma once

/// The kinds of value: how each is written, read and shown, and what messages say is allowed.

#include "otpd/core/decimal.hpp"
#include "otpd/core/numbering_plan.hpp"
#include "otpd/core/phone_number.hpp"
#include "otpd/core/secret.hpp"
#include "otpd/http/address_range.hpp"
#include "otpd/otp/client.hpp"
#include "otpd/otp/destinations.hpp"
#include "otpd/otp/limits.hpp"
#include "otpd/store/location.hpp"
#include "otpd/telemetry/log.hpp"
#include "values.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>

namespace otpd::app {

/// What messages and pages say about a kind of value.
struct value_words {
    value_kind kind{};
    std::string allowed; ///< for "must be …"
    double min = 0;      ///< for numbers
    double max = 0;
    bool is_secret = false;        ///< the value is never shown
    bool is_partly_secret = false; ///< it may contain a password, which is not shown
};

/// How a value of a type is written, in the environment's notation.
template <class T>
struct notation : value_words {
    std::function<std::optional<T>(std::string_view)> parse{};
    std::function<std::string(T const&)> show{}; ///< of a secret only whether it is set
};

template <std::size_t Size>
using words = std::array<std::string_view, Size>;

/// Each function describes one kind. A `declaration` (keys.hpp) inherits them, so an options struct
/// names them without this header.
struct notations {
    /// A number, or a time whose unit is the end of `name`.
    template <class T>
    static notation<T> whole(std::string_view name, double least, double most,
                             std::string_view unit) {
        using namespace std::chrono;
        constexpr bool is_time = requires { typename T::period; };
        bool const is_ms = name.ends_with("_ms");
        if (is_time) unit = is_ms ? "milliseconds" : "seconds";
        notation<T> out{{value_kind::whole, bounds("a whole number", least, most), least, most}};
        if (!unit.empty()) out.allowed += ' ' + std::string(unit);
        out.parse = [=](std::string_view text) -> std::optional<T> {
            auto const value = values::parse_whole(text);
            if (!value || static_cast<double>(*value) < least || static_cast<double>(*value) > most)
                return std::nullopt;
            if constexpr (is_time)
                return is_ms ? duration_cast<T>(milliseconds(*value))
                             : duration_cast<T>(std::chrono::seconds(*value));
            else
                return static_cast<T>(*value);
        };
        out.show = [=](T const& value) {
            if constexpr (is_time)
                return std::to_string(is_ms ? duration_cast<milliseconds>(value).count()
                                            : duration_cast<std::chrono::seconds>(value).count());
            else
                return std::to_string(value);
        };
        return out;
    }
    static notation<double> number(double least, double most);
    static notation<std::chrono::milliseconds> seconds(double least, double most);
    static notation<bool> flag() {
        return {{value_kind::boolean, "true or false"}, values::parse_boolean, [](bool value) {
                    return value ? "true" : "false";
                }};
    }
    /// Digits, optionally a point and up to six more digits, under 10^9. Never uses floating point.
    static notation<money> amount() {
        return {{value_kind::money, "an amount such as 0.085, with at most 6 decimals"},
                values::parse_money,
                to_decimal};
    }
    static notation<money> price(); ///< more than zero
    /// An existing day, as YYYY-MM-DD, from 1970 to 9999.
    static notation<std::chrono::sys_days> date() {
        return {{value_kind::date, "a day such as 2027-01-31"},
                values::parse_date,
                values::format_date};
    }

    static notation<std::string> text(std::string allowed,
                                      std::function<bool(std::string_view)> is_good);
    /// The path of what `of` describes, or empty.
    static notation<std::string> path(std::string_view of);
    /// The absolute path of a Unix socket to make, or empty.
    static notation<std::string> socket_path();
    static notation<std::string> name(std::string_view more, std::size_t most, std::string allowed);
    /// Of a table's entry.
    static notation<std::string>
    table_name(std::string allowed = "1 to 32 lower-case letters, digits, _ and -") {
        return name("_-", otp::client::max_name_length, std::move(allowed));
    }
    static notation<std::string> plain_name() {
        return name("_", otp::client::max_name_length, "1 to 32 lower-case letters, digits and _");
    }
    static notation<std::string> client_name() {
        return table_name("the name of a [[client]], or default for the holder of auth.token");
    }
    static notation<std::string> plan_name(std::string allowed = "the name of a [[route_plan]]") {
        return table_name(std::move(allowed));
    }
    static notation<std::string> message_template();
    static notation<std::string> base_url() {
        return {
            {value_kind::text,
             "an https URL without user, query and fragment (http for loopback addresses only)"},
            [](std::string_view text) { return values::parse_base_url(text); },
            std::identity()};
    }
    static notation<std::string> own_url();       ///< the same, or empty
    static notation<std::string> collector_url(); ///< the same, also with http to anywhere
    /// The same with a path and a query; allow_private decides whether http is allowed. Shows only
    /// the host: the path may be a secret of the endpoint.
    static notation<std::string> webhook_url();
    static notation<host_port> address() {
        return {{value_kind::text, "HOST:PORT, with brackets round an IPv6 address"},
                values::parse_host_port,
                &host_port::to_string};
    }
    static notation<store::location> store_url();
    static notation<std::string> postgres_schema() {
        return text("a name of small letters, digits and _, at most 63", store::is_postgres_schema);
    }
    /// 3 to 11 printable characters without spaces at the ends (BridgeXAPI's bounds).
    static notation<std::string> caller_id();
    /// In its canonical form.
    static notation<std::string> purpose() {
        return {{value_kind::text, "1 to 50 printable ASCII characters"},
                values::parse_purpose,
                std::identity()};
    }
    static notation<otp::locale_tag> locale() {
        return {{value_kind::text, "a language tag of BCP 47, such as nl, pt-BR or zh-Hans"},
                otp::locale_tag::parse,
                &otp::locale_tag::text};
    }
    static notation<otp::autofill_suffix> app_hash();
    static notation<std::optional<phone_number>> phone();
    static notation<otp::limit_mode> mode() {
        return word<otp::limit_mode>(words<2>{"enforce", "observe"});
    }
    static notation<telemetry::level> level() {
        return word<telemetry::level>(words<5>{"trace", "debug", "info", "warn", "error"});
    }

    static notation<secret_string> secret(std::string allowed,
                                          std::function<bool(std::string_view)> is_good);
    /// Visible ASCII that fits in a header: a token, an API key, a password. May be empty.
    static notation<secret_string> header_secret(std::string_view or_empty = "");
    /// Too long to be guessed, or empty.
    static notation<secret_string> operator_token();
    static notation<secret_string> hmac_secret(); ///< or empty
    static notation<secret_string> test_code();
    static notation<std::vector<secret_string>> hmac_secrets();
    /// In the notation of Standard Webhooks.
    static notation<std::vector<secret_string>> signing_secrets();
    static notation<std::vector<secret_digest>> token_digests();

    struct list_rule {
        std::size_t least = 0;
        std::size_t most = std::numeric_limits<std::size_t>::max();
        bool is_sorted = true;
        bool may_repeat = false;
    };
    template <class T>
    static notation<std::vector<T>> list_of(notation<T> item, std::string allowed, list_rule rule) {
        notation<std::vector<T>> out{
            {item.kind == value_kind::whole ? value_kind::whole_list : value_kind::text_list,
             std::move(allowed)}};
        out.is_secret = item.is_secret;
        out.parse = [=, parse = item.parse](std::string_view text) {
            std::optional<std::vector<T>> items(std::in_place);
            for (auto const entry : values::split_list(text)) {
                auto value = parse(entry);
                if (!value || items->size() == rule.most) return std::optional<std::vector<T>>();
                if (!rule.may_repeat && std::ranges::find(*items, *value) != items->end())
                    return std::optional<std::vector<T>>();
                items->push_back(*std::move(value));
            }
            if (items->size() < rule.least) return std::optional<std::vector<T>>();
            if constexpr (requires(T a) { a < a; })
                if (rule.is_sorted) std::ranges::sort(*items);
            return items;
        };
        out.show = [show = std::move(item.show),
                    is_secret = item.is_secret](std::vector<T> const& items) {
            if (is_secret)
                return items.empty() ? std::string("not set")
                                     : std::to_string(items.size()) + " set";
            std::string text;
            for (auto const& item : items)
                text.append(text.empty() ? "" : ",").append(show(item));
            return text;
        };
        return out;
    }
    static notation<std::vector<http::address_range>> ranges();
    static notation<int> route();
    static notation<int> route_unless_zero(); ///< 0 is shown as nothing
    static notation<std::vector<int>> routes(std::size_t least = 0);
    /// The routes of a step, in the written order: without statistics, the first one is used.
    static notation<std::vector<int>> ranked_routes();
    static notation<std::vector<std::string>> purposes() {
        return list_of(purpose(),
                       "a list of different purposes of 1 to 50 printable ASCII characters", {});
    }
    static notation<std::vector<std::string>> countries();
    static notation<std::vector<std::string>> web_otp_hosts();
    static notation<std::vector<std::string>> limit_names(); ///< of built_in_limits()
    static notation<std::vector<std::string>> variable_names();
    static notation<std::vector<line_type>> line_types();
    static notation<std::vector<otp::destination>> prefixes();
    static notation<std::vector<otp::destination>> destinations(); ///< and countries

    /// An empty value is written as empty text; `allowed` says so unless it is empty.
    template <class T>
    static notation<std::optional<T>> optional_of(notation<T> item, std::string allowed = {}) {
        bool const may_be_empty = !allowed.empty();
        notation<std::optional<T>> out{
            {item.kind, may_be_empty ? std::move(allowed) : std::move(item.allowed)}};
        out.parse = [may_be_empty, parse = std::move(item.parse)](
                        std::string_view text) -> std::optional<std::optional<T>> {
            if (may_be_empty && trim_ascii(text).empty()) return std::optional<T>();
            auto value = parse(text);
            if (!value) return std::nullopt;
            return std::optional<std::optional<T>>(std::in_place, std::move(value));
        };
        out.show = [show = std::move(item.show)](std::optional<T> const& value) {
            return value ? show(*value) : std::string();
        };
        return out;
    }

    /// The values of an enumeration, in its order.
    template <class Enum, std::size_t Size>
    static notation<Enum> word(words<Size> const& known) {
        auto const parse = [known](std::string_view text) -> std::optional<Enum> {
            auto const* const found = std::ranges::find(known, text);
            if (found == known.end()) return std::nullopt;
            return static_cast<Enum>(found - known.begin());
        };
        auto const show = [known](Enum value) {
            return std::string(known[static_cast<std::size_t>(value)]);
        };
        return {{value_kind::text, values::enumerated(known, "or")}, parse, show};
    }
    /// Some of the words, in the written order.
    static notation<std::vector<std::string>> some_of(std::span<std::string_view const> known);

private:
    static std::string bounds(std::string_view of, double least, double most);
};

} // namespace otpd::app
