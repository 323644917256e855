#include "otpd/otp/followed_text.hpp"

#include "journal/fields.hpp"

#include <algorithm>
#include <cstring>

namespace otpd::otp {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t form = 1;
/// The year 2254, before wall_time ends.
constexpr std::int64_t ms_max = 9'000'000'000'000;
constexpr std::int64_t budgets_max = 64;
constexpr std::int64_t micros_max = 1'000'000'000'000'000;
constexpr std::int64_t follow_max_ms = 7 * 86'400'000LL;

std::int64_t ms_of(wall_time at) {
    return std::chrono::floor<milliseconds>(at.time_since_epoch()).count();
}

std::string_view raw(store::key_hash const& key) {
    return {reinterpret_cast<char const*>(key.data()), key.size()};
}

/// Both directions list the fields in one order.
class message_reader {
public:
    explicit message_reader(std::string_view text) noexcept : fields_(text) {}

    void read(std::string& to) { to = fields_.text(); }
    void read(wall_time& to) {
        to = wall_time(milliseconds(fields_.number<std::int64_t>(0, ms_max)));
    }
    void read(milliseconds& to) { to = milliseconds(fields_.number<std::int64_t>(0, ms_max)); }
    void read(bool& to) { to = is_there(); }
    void read(int& to) { to = fields_.number<int>(0, 1'000'000); }
    void read(money& to) { to = money::from_micros(fields_.number(-micros_max, micros_max)); }
    void read(std::optional<money>& to) {
        if (is_there()) read(to.emplace());
    }
    void read(store::key_hash& to) {
        auto const bytes = fields_.text();
        if (bytes.size() != to.size()) return fields_.fail();
        std::memcpy(to.data(), bytes.data(), to.size());
    }
    void read(event_type& to) { to = is_there() ? event_type::accepted : event_type::unknown; }
    void read(std::optional<phone_number>& to) {
        auto const digits = fields_.text();
        if (digits.empty()) return;
        auto number = phone_number::parse(digits);
        if (!number || number->digits() != digits) return fields_.fail();
        to = *std::move(number);
    }
    void read(std::vector<store::budget_key>& to) {
        auto const count = fields_.number<std::int64_t>(0, budgets_max);
        for (std::int64_t n = 0; n < count; ++n) {
            auto& budget = to.emplace_back();
            read(budget.key);
            read(budget.name);
            read(budget.period);
        }
    }
    [[nodiscard]] field_reader& fields() noexcept { return fields_; }

private:
    bool is_there() { return fields_.number<std::int64_t>(0, 1) == 1; }

    field_reader fields_;
};

class message_writer {
public:
    void read(std::string const& text) { fields_.add(text); }
    void read(wall_time at) { fields_.add(ms_of(at)); }
    void read(milliseconds length) { fields_.add(length.count()); }
    void read(bool yes) { fields_.add(std::int64_t{yes ? 1 : 0}); }
    void read(int number) { fields_.add(std::int64_t{number}); }
    void read(money amount) { fields_.add(amount.micros()); }
    void read(std::optional<money> const& amount) {
        fields_.add(std::int64_t{amount ? 1 : 0});
        if (amount) read(*amount);
    }
    void read(store::key_hash const& key) { fields_.add(raw(key)); }
    void read(event_type type) { fields_.add(std::int64_t{type == event_type::accepted ? 1 : 0}); }
    void read(std::optional<phone_number> const& number) {
        fields_.add(number ? std::string_view(number->digits()) : std::string_view());
    }
    void read(std::vector<store::budget_key> const& budgets) {
        fields_.add(static_cast<std::int64_t>(budgets.size()));
        for (auto const& budget : budgets) {
            read(budget.key);
            read(budget.name);
            read(budget.period);
        }
    }
    [[nodiscard]] field_writer& fields() noexcept { return fields_; }

private:
    field_writer fields_;
};

template <class Fields, class Message>
void go_through(Fields& fields, Message& message) {
    auto& event = message.event;
    fields.read(message.address.number);
    fields.read(message.is_hedge);
    fields.read(event.type);
    fields.read(event.at);
    fields.read(event.request_id);
    fields.read(event.client);
    fields.read(event.purpose);
    fields.read(event.country);
    fields.read(event.phone);
    fields.read(event.reference);
    fields.read(event.plan);
    fields.read(event.route_id);
    fields.read(event.price);
    fields.read(event.cost);
    fields.read(event.order_id);
    fields.read(event.bx_message_id);
    fields.read(event.since_admitted);
    fields.read(message.admitted_at);
    fields.read(message.asked_at);
    fields.read(message.to);
    fields.read(message.booked);
    fields.read(message.expected);
}

} // namespace

std::string text_of(followed_message const& message, wall_time now) {
    message_writer writer;
    writer.fields().add(form).add(ms_of(now + message.follow_for));
    go_through(writer, message);
    return writer.fields().text();
}

std::optional<followed_message> followed_message_of(store::verification_id const& id,
                                                    std::string_view text, wall_time now) {
    message_reader reader(text);
    followed_message message;
    if (reader.fields().number() != form) return std::nullopt;
    wall_time const until{milliseconds(reader.fields().number<std::int64_t>(0, ms_max))};
    go_through(reader, message);
    if (!reader.fields().is_complete()) return std::nullopt;
    message.address.id = id;
    message.follow_for = std::chrono::ceil<std::chrono::seconds>(
        std::clamp<wall_time::duration>(until - now, {}, milliseconds(follow_max_ms)));
    return message;
}

} // namespace otpd::otp
