// The upstream's behaviour: turns a request into a reply, without sockets. It checks in this order:
// key, body, route, permission, price, balance. Then it accepts and charges the SMS. Not
// thread-safe: the service guards it.
#pragma once

#include "bridgexapi_stub/activity.hpp"
#include "bridgexapi_stub/catalogue.hpp"
#include "bridgexapi_stub/clock.hpp"
#include "bridgexapi_stub/endpoint.hpp"
#include "bridgexapi_stub/ledger.hpp"
#include "bridgexapi_stub/message.hpp"
#include "bridgexapi_stub/settings.hpp"
#include "bridgexapi_stub/validation.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace bridgexapi_stub {

struct upstream_state {
    settings config;
    std::vector<account> accounts;
    price_table prices = price_table::samples();
    ledger messages;
    std::map<std::string, activity_log> activity; // by API key
    stub_clock clock;
};

// A request, parsed once for all its readers.
struct api_request {
    incoming const& raw;
    call target;
    std::optional<boost::json::value> body; // nullopt if empty or not JSON
    std::size_t body_error_at = 0;
    std::uint64_t sequence = 0;

    explicit api_request(incoming const& request);
    // Destination numbers in the body, even if the body is otherwise invalid.
    std::vector<std::string_view> numbers() const;
};

struct api_options {
    bool commit = true;                       // false: reply normally, but send and charge nothing
    std::optional<std::string> vendor_reason; // set: the vendor refuses the submit for this reason
};

struct api_result {
    reply answer;
    std::vector<std::string> accepted; // bx_message_ids of the accepted SMS
    std::optional<std::int64_t> order_id;
};

class api {
public:
    explicit api(upstream_state& state) : state_{state} {}
    api_result handle(api_request const& request, api_options const& options);

private:
    struct quote {
        account* payer;
        order_request order;
        micro_euros unit_price;
        micro_euros total;
    };
    struct page_range {
        std::size_t skip;
        std::size_t limit;
    };
    using quote_or_reply = std::variant<quote, reply>;
    using page_or_reply = std::variant<page_range, reply>;

    api_result dispatch(api_request const& request, api_options const& options, account& who);
    reply read(api_request const& request, account const& who);
    api_result send_sms(api_request const& request, api_options const& options, account& who);
    api_result accept(quote const& offer, api_request const& request, bool commit);
    reply estimate(api_request const& request, account& who);
    reply balance(account const& who) const;
    reply dlr(api_request const& request, account const& who) const;
    reply dlr_list(api_request const& request, account const& who) const;
    reply order_dlr(api_request const& request, account const& who) const;
    reply routes(account const& who) const;
    reply route(api_request const& request, account const& who) const;
    reply pricing(api_request const& request, account const& who) const;
    reply activity_summary(account const& who) const;
    reply activity_logs(api_request const& request, account const& who) const;
    reply activity_usage(api_request const& request, account const& who) const;
    reply activity_endpoints(account const& who) const;

    account* find_account(std::string_view key);
    quote_or_reply price_order(api_request const& request, account& who);
    std::optional<reply> check_route(order_request const& order, account const& who) const;
    page_or_reply read_page(api_request const& request, std::int64_t default_limit) const;
    reply list_reply(ledger::filter const& accept, page_range range) const;
    route_info const* visible_route(std::string_view text, account const& who) const;
    boost::json::object dlr_object(sms const& message) const;
    boost::json::object route_object(route_info const& info, account const& who) const;
    boost::json::value shaped(std::string const& shape, boost::json::array items) const;
    reply refuse(refusal why, std::string_view fill = {}) const;
    reply invalid(boost::json::array problems) const;
    activity_log const& activity_of(account const& who) const;

    upstream_state& state_;
};

} // namespace bridgexapi_stub
