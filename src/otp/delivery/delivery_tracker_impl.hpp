#pragma once

/// The inside of the delivery tracker; its members are in delivery_tracker.cpp (threads and the loop),
/// delivery_list.cpp (the upstream's list), delivery_questions.cpp (single messages) and
/// delivery_learned.cpp (what follows from a report).

#include "delivery/delivery_news.hpp"
#include "delivery/list_scan.hpp"
#include "delivery/open_messages.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/otp/delivery.hpp"
#include "otpd/telemetry/log.hpp"
#include "otpd/telemetry/metrics.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>

namespace otpd::otp {

/// Questions about single messages in one look, so that they do not hold up the list.
inline constexpr std::size_t singles_max = 4;
/// Complete looks at the list that did not show a message before it is asked for singly.
inline constexpr unsigned missed_max = 2;
/// Looks that have to show nothing before a send was none.
inline constexpr unsigned absences_min = 3;
inline constexpr std::int64_t page_min = 50;

/// Members are used on `strand_`, but for atomic ones and functions that are marked.
class delivery_tracker::impl : public std::enable_shared_from_this<impl> {
public:
    impl(boost::asio::any_io_executor const& executor, tracker_options options, dependencies uses)
        : strand_(boost::asio::make_strand(executor)), options_(options), uses_(uses),
          wake_(strand_), gathered_(strand_),
          messages_({.reports_max = options.reports_max,
                     .known_ids_max = options.open_max + options.reports_max,
                     .first_look = options.first_look,
                     .clock_tolerance = options.clock_tolerance}),
          page_size_(std::max<std::int64_t>(1, options.page_max)) {}

    // From any thread.

    void follow(followed_message what);
    void add(followed_message what); // on strand_
    void start();
    void stop();
    static boost::asio::awaitable<std::optional<delivery_view>>
    last_report(std::shared_ptr<impl> self, std::string bx_message_id);
    [[nodiscard]] std::size_t open() const noexcept { return open_.load(); }

private:
    using id = open_messages::id;
    struct news {
        id which;
        bridgexapi::delivery_report report;
    };
    using all_news = std::vector<news>;
    /// Who is looked for in the list.
    struct wanted {
        std::size_t by_id = 0; ///< not shown yet
        std::size_t lost = 0;
        wall_time lost_since = wall_time::max(); ///< the earliest of them
        bool all = false; ///< also those that the list did not show in earlier looks
    };

    // The loop.
    static boost::asio::awaitable<void> run(std::shared_ptr<impl> self);
    boost::asio::awaitable<void> rest_until(steady_time time);
    [[nodiscard]] steady_time next_look() const;
    boost::asio::awaitable<void> look();
    void drop_overdue();

    // The list.
    [[nodiscard]] static bool is_sought(open_message const& message, wanted const& who);
    [[nodiscard]] wanted who_is_wanted(steady_time at) const;
    [[nodiscard]] std::size_t not_shown_yet(wanted const& who, steady_time at) const;
    boost::asio::awaitable<bool> read_list(steady_time began);
    [[nodiscard]] std::int64_t first_limit(wanted const& who) const;
    [[nodiscard]] std::size_t page_budget() const;
    bool lower_page_size(bridgexapi::failure const& why);
    boost::asio::awaitable<void> judge_lost(list_scan const& scan, steady_time began);
    void count_missed(wanted const& who, steady_time began);
    [[nodiscard]] bool filter_is_worth_it() const;
    [[nodiscard]] std::size_t pages_between() const;
    [[nodiscard]] bool delivered_suffice() const;
    boost::asio::awaitable<bool> read_delivered();

    // Single questions.
    boost::asio::awaitable<void> ask_singly();
    [[nodiscard]] std::vector<id> who_is_asked_for(std::size_t count);
    boost::asio::awaitable<bool> ask_for(id which);
    [[nodiscard]] steady_time next_question(open_message const& message) const;
    boost::asio::awaitable<bool> ask_by_number(id which);
    boost::asio::awaitable<bool> ask_by_order(id which);
    boost::asio::awaitable<bool> ask_by_id(id which);

    // What is learned.
    enum class shown_by { list, question };
    boost::asio::awaitable<std::size_t> take(std::vector<bridgexapi::delivery_report> reports,
                                             shown_by how);
    boost::asio::awaitable<void> tell_all(all_news what);
    static boost::asio::awaitable<void> tell_one_by_one(std::shared_ptr<impl> self,
                                                        std::shared_ptr<all_news> left);
    boost::asio::awaitable<void> learn(id which, bridgexapi::delivery_report report);
    boost::asio::awaitable<void> judge(id which, bool shown_all);
    boost::asio::awaitable<void> found(id which, bridgexapi::delivery_report report);
    boost::asio::awaitable<void> give_up(id which);
    /// The store's answer, after it was noted what it means for the message.
    boost::asio::awaitable<store::result<store::update_outcome>>
    update(id which, store::delivery_update what);
    void end(id which);

    // The upstream.
    /// False: stopped.
    boost::asio::awaitable<bool> pace();
    boost::asio::awaitable<bridgexapi::answer<bridgexapi::delivery_page>>
    list(bridgexapi::delivery_query query);
    /// Whether a refusal may be about the one message that was asked for.
    enum question_kind : bool { to_everything, to_one };
    /// False: ask no more for a while.
    template <class T>
    bool heard(bridgexapi::answer<T> const& answer, question_kind kind) {
        if (answer) return answered();
        return failed(answer.error(), kind);
    }
    bool answered();
    bool failed(bridgexapi::failure const& why, question_kind kind);
    void back_off(bridgexapi::failure const& why);

    [[nodiscard]] moment now() const { return {uses_.now.now(), uses_.now.wall()}; }
    [[nodiscard]] steady_time::duration jittered(std::chrono::milliseconds pause);

    net::strand strand_;
    tracker_options const options_;
    dependencies uses_;
    boost::asio::steady_timer wake_;
    boost::asio::steady_timer gathered_;
    open_messages messages_;
    boost::asio::cancellation_signal stop_asking_;
    std::unordered_map<id, std::vector<bridgexapi::delivery_report>>
        candidates_; ///< for lost messages
    std::int64_t page_size_;
    std::uint64_t look_ = 0;
    unsigned failures_ = 0;   ///< of the upstream, in a row
    unsigned unreadable_ = 0; ///< of its replies, in a row
    bool store_failing_ = false;
    bool asking_ = false; ///< the upstream: what may be cancelled
    steady_time next_look_{};
    steady_time next_request_{};
    steady_time last_long_look_{};
    std::size_t pages_read_ = 0;               ///< in this look
    std::size_t long_look_pages_ = 0;          ///< of the last look at all
    std::size_t delivered_pages_ = 0;          ///< of the last look at those delivered, since then
    std::string delivered_word_ = "DELIVERED"; ///< as the upstream spells it
    bool saw_delivered_ = false;
    bool can_filter_ = true;  ///< by status: no more once it seems that the upstream cannot
    std::size_t telling_ = 0; ///< coroutines of tell_all()
    std::atomic<std::size_t> open_{0};
    std::atomic<bool> stopped_{false};
};

} // namespace otpd::otp
