#pragma once

/// The requests of one poll of all open messages.

#include "delivery/delivery_updates.hpp"
#include "delivery/upstream_list.hpp"

#include <algorithm>
#include <optional>

namespace otpd::otp {

/// A request to the upstream.
struct delivery_question {
    enum class about : std::uint8_t { list, delivered_list, number, order, message };
    about purpose = about::list;
    open_messages::id which = 0;        ///< number, order and message: the open message
    std::string name{};                 ///< order and message: its id
    bridgexapi::delivery_query query{}; ///< lists and number: the filter; order: its page
};
/// The response to a request by id is a page with one report.
using delivery_reply = bridgexapi::answer<bridgexapi::delivery_page>;

/// Reads the list, newest first, until it has shown every wanted message. While the list is long,
/// its delivered messages are requested separately in between.
class list_reader {
public:
    /// All arguments must outlive it.
    list_reader(tracker_options const& options, open_messages& messages, delivery_updates& updates,
                delivery_reports const& reports)
        : messages_(messages), updates_(updates), reports_(reports),
          clock_tolerance_(options.clock_tolerance),
          page_size_(std::max<std::int64_t>(1, options.page_max)) {}

    void begin(steady_time now);
    /// Returns nullopt when the list has been read far enough. Call it only after the last page's
    /// updates are stored.
    [[nodiscard]] std::optional<delivery_question> next();
    /// Returns false if the poll must end. After a refusal, another request may follow instead.
    [[nodiscard]] bool on_reply(delivery_question const& asked, delivery_reply answer,
                                wall_time now);
    [[nodiscard]] std::size_t pages() const noexcept { return pages_; } ///< read in this poll

private:
    enum class stage : std::uint8_t { list, delivered, over };
    /// The messages to find in the list.
    struct wanted {
        std::size_t by_id = 0;
        std::size_t lost = 0;
        wall_time lost_since = wall_time::max(); ///< all of them were sent after this
        bool many_lost = false;
        bool all = false; ///< also those that earlier polls did not show
    };

    void begin_list();
    [[nodiscard]] wanted find_wanted() const;
    [[nodiscard]] bool is_missing(open_message const& message) const;
    [[nodiscard]] bool is_needed_further() const;
    [[nodiscard]] delivery_question ask_list() const;
    bool on_list(delivery_question const& asked, delivery_reply answer, wall_time now);
    bool lower_page_size(bridgexapi::failure const& why);
    void end_list();

    [[nodiscard]] bool is_filter_worth_it() const;
    void begin_delivered(stage follow_up);
    [[nodiscard]] delivery_question ask_delivered() const;
    bool on_delivered(delivery_question const& asked, delivery_reply answer, wall_time now);

    open_messages& messages_;
    delivery_updates& updates_;
    delivery_reports const& reports_;
    std::chrono::seconds clock_tolerance_;

    // State of this poll.
    stage stage_ = stage::over;
    stage after_delivered_ = stage::over;
    std::uint64_t number_ = 0;
    steady_time began_{};
    wanted wanted_;
    list_scan list_;
    std::size_t pages_max_ = 0;
    list_scan delivered_;
    wall_time delivered_since_{}; ///< all open messages are newer
    std::size_t requests_since_delivered_ = 0;
    std::size_t pages_ = 0;

    // State across polls.
    std::int64_t page_size_;
    unsigned unreadable_ = 0;         ///< consecutive invalid responses
    steady_time last_list_{};         ///< when the last poll of the whole list began
    std::size_t list_pages_ = 0;      ///< pages of that poll
    std::size_t delivered_pages_ = 0; ///< pages of delivered messages read since then
    bool can_filter_ = true; ///< by status; false once the upstream seems to ignore the filter
};

/// Requests messages that the list does not show, a few in each poll: by id or order, and lost ones
/// by number.
class single_questions {
public:
    /// All arguments must outlive it.
    single_questions(tracker_options const& options, open_messages& messages,
                     delivery_updates& updates)
        : messages_(messages), updates_(updates), clock_tolerance_(options.clock_tolerance) {}

    /// Chooses messages after `pages` pages of the list.
    void choose(std::size_t pages, steady_time now);
    [[nodiscard]] std::optional<delivery_question> next(steady_time now);
    /// Returns false if the upstream fails, rather than this request.
    [[nodiscard]] bool on_reply(delivery_question const& asked, delivery_reply answer,
                                wall_time now);

private:
    void judge(delivery_question const& asked, bridgexapi::delivery_page const& page);

    open_messages& messages_;
    delivery_updates& updates_;
    std::chrono::seconds clock_tolerance_;
    std::vector<open_messages::id> chosen_; ///< used from the end
};

/// A poll of all open messages: the list first, then requests about single messages.
class delivery_look {
public:
    /// All arguments must outlive it.
    delivery_look(tracker_options const& options, open_messages& messages,
                  delivery_updates& updates, delivery_reports const& reports)
        : list_(options, messages, updates, reports), singles_(options, messages, updates) {}

    void begin(steady_time now);
    void end() noexcept { stage_ = stage::over; }
    [[nodiscard]] bool is_over() const noexcept { return stage_ == stage::over; }
    [[nodiscard]] bool reads_list() const noexcept { return stage_ == stage::list; }
    /// Returns nullopt when the list's updates must be stored first, or when the poll is over.
    [[nodiscard]] std::optional<delivery_question> next(steady_time now);
    /// Returns false if the poll must end.
    [[nodiscard]] bool on_reply(delivery_question const& asked, delivery_reply answer,
                                wall_time now);

private:
    enum class stage : std::uint8_t { list, singles, over };

    list_reader list_;
    single_questions singles_;
    stage stage_ = stage::over;
};

} // namespace otpd::otp
