#include "otpd/otp/journal.hpp"

#include "journal/journal_slots.hpp"
#include "otpd/net/on_strand.hpp"
#include "otpd/net/run_on.hpp"
#include "otpd/telemetry/log.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <utility>

namespace otpd::otp {

namespace asio = boost::asio;

namespace {

/// An entry is written during the first two thirds of a lease, so that it arrives before its end.
std::chrono::milliseconds used_part(std::chrono::milliseconds lease) {
    return 2 * lease / 3;
}
/// Most calls of put() and so on that are on their way to the strand.
constexpr std::size_t arrivals_max = 65'536;

steady_time steady_now() {
    return std::chrono::steady_clock::now();
}

store::journal_id fresh_id(random_source& random) {
    store::journal_id id{};
    random.fill(id);
    return id;
}

/// A flag that is set as long as this lives. A coroutine that owns one lowers it however it ends:
/// without memory to resume it, it is destroyed in the middle, on any thread.
class raised {
public:
    explicit raised(std::shared_ptr<std::atomic<bool>> flag) noexcept : flag_(std::move(flag)) {
        *flag_ = true;
    }
    raised(raised&&) noexcept = default;
    raised(raised const&) = delete;
    raised& operator=(raised const&) = delete;
    ~raised() { lower(); }
    void lower() noexcept {
        if (auto const flag = std::exchange(flag_, nullptr)) *flag = false;
    }

private:
    std::shared_ptr<std::atomic<bool>> flag_;
};

} // namespace

/// Members are used on the strand, except for atomic ones and functions marked otherwise.
class journal::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor const& executor, journal_options options, dependencies deps)
        : options_(options), deps_(deps), strand_(asio::make_strand(executor)), wake_(strand_),
          idle_(strand_), slots_(options.slots_first, options.slots_max, fresh_id(deps.random)) {}

    // Called from any thread.

    [[nodiscard]] net::strand const& strand() const noexcept { return strand_; }
    [[nodiscard]] journal_ticket next_ticket() noexcept { return ++last_ticket_; }
    [[nodiscard]] std::string seal(journal_content const& content) const {
        std::string text(1, static_cast<char>(content.kind));
        return deps_.keys.seal_text(content.id, text.append(content.text), deps_.random);
    }

    /// Runs `change` on the strand. Returns false if too many are on their way, or the journal has
    /// ended.
    template <class Change>
    bool post(Change change) noexcept {
        if (is_over_) return false;
        if (arrivals_.fetch_add(1) >= arrivals_max) {
            --arrivals_;
            return false;
        }
        try {
            asio::post(strand_, [self = shared_from_this(), change = std::move(change)]() mutable {
                --self->arrivals_;
                change(self->slots_);
                self->flush();
            });
        } catch (std::exception const&) { // no memory for it
            --arrivals_;
            return false;
        }
        return true;
    }

    void read_back(journal_ticket ticket) noexcept {
        post([self = shared_from_this(), ticket](journal_slots& slots) {
            auto const at = slots.place_of(ticket);
            if (!at) return; // the journal was lost
            self->unread_.push_back({at->journal, at->slot + 1, at->slot, ticket});
            self->wake_.cancel();
        });
    }

    void stop() {
        if (is_over_.exchange(true)) return;
        asio::post(strand_, [self = shared_from_this()] { self->wake_.cancel(); });
    }

    // The following run on the strand.

    [[nodiscard]] std::optional<store::journal_place> reserve(journal_ticket ticket,
                                                              store::verification_id const& id) {
        if (is_over_ || !has_lease()) return std::nullopt;
        auto const at = slots_.reserve(ticket, id);
        if (slots_.wants_slots()) claim_now();
        return at;
    }

    static asio::awaitable<bool> start(std::shared_ptr<impl> self, journal_reader& reader) {
        self->reader_ = &reader;
        auto running = self->raise(self->is_running_);
        co_await act(self);
        self->spawn(run(self, std::move(running)));
        co_return true;
    }

    static asio::awaitable<bool> drain(std::shared_ptr<impl> self, deadline limit) {
        self->is_draining_ = true;
        self->wake_.cancel();
        self->flush();
        while ((self->is_running_ || self->is_writing_) && !limit.expired()) {
            self->idle_.expires_at(limit.at());
            co_await self->idle_.async_wait(asio::as_tuple(asio::deferred));
        }
        self->is_over_ = true;
        auto last = self->slots_.claim();
        last.lease = self->options_.lease;
        last.ends = true;
        if (last.begins) co_return false; // it never had a lease
        if (self->slots_.used() == 0) last.emptied.push_back(last.holder);
        auto const answer = co_await self->deps_.store.claim_journals(std::move(last));
        co_return answer.has_value();
    }

private:
    [[nodiscard]] raised raise(std::atomic<bool>& flag) {
        return raised(std::shared_ptr<std::atomic<bool>>(shared_from_this(), &flag));
    }

    void spawn(asio::awaitable<void> task) {
        auto ended = [self = shared_from_this()](std::exception_ptr thrown) {
            if (thrown) self->deps_.log.error("journal_failed");
            self->idle_.cancel();
        };
        asio::co_spawn(strand_, std::move(task), std::move(ended));
    }

    [[nodiscard]] bool has_lease() const { return steady_now() < leased_until_; }

    void claim_now() {
        claim_at_ = {};
        wake_.cancel();
    }

    // --- leases ---

    /// What fails is tried again: without this task the instance would lose its lease.
    static asio::awaitable<void> run(std::shared_ptr<impl> self, raised is_running) {
        while (!self->is_ending()) {
            auto const at = self->next_at();
            if (at > steady_now()) {
                self->wake_.expires_at(at); // needs no other frame
                co_await self->wake_.async_wait(asio::as_tuple(asio::deferred));
            }
            try {
                co_await act(self);
            } catch (std::exception const& thrown) { // no memory for its frame
                self->failed(thrown);
            }
        }
        is_running.lower();
    }
    [[nodiscard]] bool is_ending() const noexcept { return is_draining_ || is_over_; }
    /// If even the pause of run() had no memory, the next entry begins it again.
    void keep_running() {
        if (reader_ == nullptr || is_ending() || is_running_) return;
        spawn(run(shared_from_this(), raise(is_running_)));
    }

    static asio::awaitable<void> act(std::shared_ptr<impl> self) {
        if (self->is_ending() || steady_now() < self->retry_at_) co_return;
        try {
            if (steady_now() >= self->claim_at_)
                co_await self->claim();
            else if (!self->unread_.empty() && self->has_lease())
                co_await self->read_page();
        } catch (std::exception const& thrown) {
            self->failed(thrown);
        }
    }
    /// When act() has something to do again.
    [[nodiscard]] steady_time next_at() const {
        bool const has_page = !unread_.empty() && has_lease();
        return std::max(retry_at_, has_page ? steady_now() : claim_at_);
    }

    void failed(std::exception const& thrown) noexcept {
        retry_at_ = steady_now() + options_.failure_pause;
        deps_.log.error("journal_failed", {{"what", thrown.what()}});
    }

    asio::awaitable<void> claim() {
        auto const began = steady_now();
        claim_at_ = began + options_.renewal;
        auto request = slots_.claim();
        request.lease = options_.lease;
        request.is_alone = options_.is_alone;
        bool const is_first = request.begins;
        auto const answer = co_await deps_.store.claim_journals(std::move(request));
        if (!answer) co_return;
        if (answer->empty() || slots_.has_lost_one(*answer)) {
            begin_again(is_first);
            co_return;
        }
        leased_until_ = began + used_part(options_.lease);
        for (auto const& slot : slots_.held(*answer)) {
            deps_.log.info("journal_taken_over", {{"slots", slot.slots}});
            unread_.push_back({slot.id, slot.slots});
        }
        flush();
    }

    void begin_again(bool was_new) {
        leased_until_ = {};
        unread_.clear();
        slots_.begin(fresh_id(deps_.random));
        if (was_new) return; // there are too many journals
        deps_.log.warn("journal_lost");
        reader_->lost();
        claim_at_ = {};
    }

    // --- takeover ---

    struct unread_journal {
        store::journal_id id{};
        std::uint32_t slots = 0;
        std::uint32_t next = 0;
        journal_ticket ticket = 0; ///< of the one entry that may be there; 0: all are read
    };

    asio::awaitable<void> read_page() {
        auto const from = unread_.front();
        store::journal_page page{from.id, from.next,
                                 std::min(store::journal_page_max, from.slots - from.next)};
        auto const answer = co_await deps_.store.read_journal(page);
        // A claim does not run meanwhile, so this is the same journal.
        if (!answer) {
            retry_at_ = steady_now() + options_.failure_pause;
            co_return;
        }
        if (from.ticket != 0) {
            unread_.pop_front();
            was_read_back(from.ticket, *answer);
            co_return;
        }
        auto& unread = unread_.front();
        for (auto const& entry : *answer) {
            unread.next = entry.slot + 1; // after a failure it is not read again
            try {
                adopt(from.id, entry);
            } catch (std::exception const&) { // no memory: left to another instance
                slots_.pass(from.id);
                throw;
            }
        }
        unread.next = page.first + page.count;
        if (unread.next < unread.slots) co_return;
        slots_.adopted(from.id);
        unread_.pop_front();
        claim_at_ = {}; // there may be another one
    }

    void adopt(store::journal_id const& journal, store::journal_entry const& entry) {
        auto text = deps_.keys.open_text(entry.id, entry.text);
        bool const is_readable = text && !text->empty();
        if (!is_readable) {
            deps_.log.warn("journal_entry_unreadable");
            return slots_.pass(journal);
        }
        auto const ticket = next_ticket();
        slots_.adopt(ticket, {journal, entry.slot}, entry.id);
        auto const kind = static_cast<journal_kind>(text->front());
        if (reader_->taken_over(ticket, {kind, entry.id, text->substr(1), entry.retention})) return;
        slots_.pass(journal);
        slots_.free(ticket);
    }

    void was_read_back(journal_ticket ticket, std::vector<store::journal_entry> const& found) {
        if (found.empty()) return slots_.free(ticket);
        auto const& entry = found.front();
        auto const text = deps_.keys.open_text(entry.id, entry.text);
        bool const is_taken =
            text && !text->empty() &&
            reader_->taken_over(ticket, {static_cast<journal_kind>(text->front()), entry.id,
                                         text->substr(1), entry.retention});
        if (is_taken) return;
        slots_.erase(ticket);
        flush();
    }

    // --- writes ---

    void flush() {
        keep_running();
        if (is_writing_ || is_over_ || !has_lease()) return;
        slots_.written(false); // what a write left that ended without an answer
        if (slots_.wants_slots()) claim_now();
        auto writes = slots_.next_writes();
        if (slots_.left_out() > left_out_ && std::exchange(left_out_, slots_.left_out()) == 0)
            deps_.log.warn("journal_full");
        if (writes.empty()) return;
        spawn(write(shared_from_this(), std::move(writes), raise(is_writing_)));
    }

    static asio::awaitable<void>
    write(std::shared_ptr<impl> self, std::vector<store::journal_write> writes, raised is_writing) {
        store::result<std::monostate> answer = store::fault::unknown;
        try {
            answer = co_await self->deps_.store.write_journal(std::move(writes));
        } catch (std::exception const& thrown) {
            self->deps_.log.error("journal_failed", {{"what", thrown.what()}});
        }
        self->slots_.written(answer.has_value());
        is_writing.lower();
        if (answer) self->flush(); // otherwise after the next claim
    }

    journal_options const options_;
    dependencies const deps_;
    net::strand const strand_;
    asio::steady_timer wake_; ///< of run()
    asio::steady_timer idle_; ///< of drain()
    journal_slots slots_;
    journal_reader* reader_ = nullptr;
    steady_time leased_until_{};
    steady_time claim_at_{};
    steady_time retry_at_{};            ///< after a failure
    std::deque<unread_journal> unread_; ///< taken over
    std::size_t left_out_ = 0;
    bool is_draining_ = false;
    std::atomic<bool> is_running_{false};
    std::atomic<bool> is_writing_{false};
    std::atomic<bool> is_over_{false};
    std::atomic<journal_ticket> last_ticket_{0};
    std::atomic<std::size_t> arrivals_{0};
};

journal::journal(asio::any_io_executor executor, journal_options options, dependencies deps)
    : impl_(std::make_shared<impl>(executor, options, deps)) {}

journal::~journal() {
    impl_->stop();
}

asio::awaitable<std::optional<journal_slot>> journal::reserve(store::verification_id id) {
    auto const held = impl_;
    journal_slot slot;
    slot.ticket = held->next_ticket();
    auto take = [&] { return held->reserve(slot.ticket, id); };
    auto const at = co_await net::on_strand(held->strand(), take);
    if (!at) co_return std::nullopt;
    slot.at = *at;
    co_return slot;
}

store::journal_write journal::entry(journal_slot const& slot,
                                    journal_content const& content) const {
    return {slot.at, content.id, impl_->seal(content), content.retention};
}

store::journal_write journal::erasure(journal_slot const& slot, store::verification_id const& id) {
    return {slot.at, id, {}, {}};
}

journal_ticket journal::put(journal_content const& content) noexcept {
    auto const ticket = impl_->next_ticket();
    return replace(ticket, content) ? ticket : 0;
}

bool journal::replace(journal_ticket ticket, journal_content const& content) noexcept {
    if (ticket == 0) return false;
    try {
        return impl_->post([ticket, id = content.id, text = impl_->seal(content),
                            retention = content.retention](journal_slots& slots) mutable {
            slots.put(ticket, id, std::move(text), retention);
        });
    } catch (std::exception const&) { // no memory for it
        return false;
    }
}

void journal::erase(journal_ticket ticket) noexcept {
    if (ticket == 0) return;
    impl_->post([ticket](journal_slots& slots) { slots.erase(ticket); });
}

void journal::free(journal_ticket ticket) noexcept {
    if (ticket == 0) return;
    impl_->post([ticket](journal_slots& slots) { slots.free(ticket); });
}

void journal::read_back(journal_ticket ticket) noexcept {
    if (ticket != 0) impl_->read_back(ticket);
}

asio::awaitable<void> journal::start(journal_reader& reader) {
    auto const held = impl_;
    co_await net::run_on(held->strand(), impl::start(held, reader));
}

asio::awaitable<void> journal::drain(deadline limit) {
    auto const held = impl_;
    co_await net::run_on(held->strand(), impl::drain(held, limit));
}

} // namespace otpd::otp
