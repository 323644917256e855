#pragma once

/// The services of a history and everything around them, and the one thread that drives it all.

#include "audit.hpp"
#include "gates.hpp"
#include "model.hpp"
#include "otpd/net/single_threaded_scope.hpp"
#include "otpd/telemetry/log.hpp"
#include "rules.hpp"
#include "simulated_store.hpp"
#include "simulated_upstream.hpp"
#include "simulation.hpp"
#include "translation.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace otpd::simulation {

class world final : public watcher {
public:
    world(assignment const& what, stores& on);
    ~world() override;

    outcome run();

private:
    static constexpr std::size_t instances = 2;

    /// The delivery of a message.
    struct report {
        operation_id of = none;
        int state = 0; ///< store::delivery
        std::int64_t correction = 0;
        bool is_hedge = false;
    };
    struct second {
        hedge_order order;
        int route = 0;           ///< the last one that was tried
        bool is_undo = false;    ///< the answer to its booking was lost
        upstream_answer outcome; ///< that it is settled with
    };
    struct operation {
        happening kind = happening::send;
        std::size_t instance = 0;
        bool slow = false; ///< others overtake it
        send_order send;
        check_order check;
        id_order id;
        release_order release;
        std::string challenge_token; ///< of a refused send
        struct report report;        ///< of an update
        second hedge;
        std::string transmitted; ///< the code of a send's message
        instant began{};
        boost::asio::cancellation_signal signal;
        bool gave_up = false;
        bool ended = false;
        bool admission_failed = false;
        bool settlement_failed = false;
        answer expected;                        ///< of everything except sends
        std::vector<store::code_seed> compared; ///< by a check, when the store did it last
        store::code_seed
            code; ///< of a send; a new one until the store says that it repeats another
        store::verification_address at;
        instant booked_at{}; ///< when its last route was taken
    };
    /// One process of the service. Destroyed like a killed one: its operations never continue.
    struct instance {
        std::unique_ptr<broken_store> broken;
        std::unique_ptr<simulated_store> store;
        std::optional<otp::operations> service;
    };

    // world.cpp: turns, time, crashes
    void start_instance(std::size_t which);
    /// What `action` starts belongs to the operation, until everything waits again.
    template <class Action>
    void turn(operation_id op, Action action) {
        turns_.set_current(op);
        action();
        drain();
        turns_.set_current(none);
    }
    void drain();
    void resume(std::size_t waiting, fate what);
    void resume_any();
    fate draw_fate(stage where);
    void advance_to(instant target);
    void finish();
    void fail(std::string why);
    /// Reports a difference from the model.
    void disagree(std::string why);
    void hold(std::string const& complaint, operation_id op);
    void note(happening what, operation_id op, std::int64_t a = 0, std::int64_t b = 0,
              std::int64_t c = 0);
    [[nodiscard]] instant now() const { return clock_.elapsed(); }
    /// By the store's clock.
    [[nodiscard]] instant store_now() const { return store_clock_.elapsed(); }
    [[nodiscard]] operation& at(operation_id op) { return operations_.at(op); }
    struct sum {
        account of; ///< in the model
        std::string name;
        std::int64_t taken = 0; ///< in the store
    };
    std::vector<sum> sums();
    void compare_sums();
    void compare_money_with_the_upstream();
    void count_messages();

    // world_orders.cpp: what happens next
    void begin_something();
    void begin_send();
    void begin_check();
    void begin_find();
    void begin_cancel();
    void begin_release();
    void begin_update();
    report draw_report(operation_id of, int known, bool is_hedge);
    void let_time_pass();
    void let_the_store_answer();
    void give_up();
    void crash(std::size_t which);
    void turn_the_clock();
    void lose_writes();
    operation_id add(happening kind);
    void draw_challenge(send_order& order);
    void draw_key(send_order& order);
    scope draw_scope();
    std::optional<operation_id> draw_recent();
    std::optional<operation_id> draw_live();
    std::string draw_code(scope const& of, operation_id& owner);
    [[nodiscard]] id_order draw_id();
    template <class T>
    void spawn(operation_id op, boost::asio::awaitable<otp::outcome<T>> work);
    int draw_device(operation_id op);
    [[nodiscard]] otp::caller caller_of(int client, int end_user, int device = -1) const;
    [[nodiscard]] otp::send_request request_of(operation_id op, send_order const& order) const;
    [[nodiscard]] otp::verify_request request_of(check_order const& order);
    [[nodiscard]] otp::release_request request_of(release_order const& order) const;
    [[nodiscard]] std::string id_text(operation_id of);
    [[nodiscard]] store::delivery_update update_of(operation_id op);

    // world_hedges.cpp: second messages
    void begin_hedge();
    [[nodiscard]] std::optional<operation_id> draw_hedged();
    [[nodiscard]] bool is_left_behind(operation_id send);
    [[nodiscard]] bool draw_hedge(hedge_order& order);
    void begin_hedge(hedge_order order);
    void crash_during(operation_id op);
    boost::asio::awaitable<answer> hedge(operation_id op);
    [[nodiscard]] otp::ledger::purchase purchase_of(operation_id send, int route,
                                                    wall_time when) const;
    [[nodiscard]] store::settlement
    settlement_of(operation_id op, std::vector<store::reservation> const& reserved) const;
    void done_for_hedge(operation_id op, store_step what, instant issued, seen effect);

    // world_answers.cpp: what is heard
    void admitting(operation_id op, store::admission const& request) override;
    void about_to_do() override;
    void compared(operation_id op, store::code_seed const& with) override;
    void admitted(operation_id op, store::code_seed const& code) override;
    void done(operation_id op, store_step what, instant issued, seen effect) override;
    void done_for_check(operation_id op, seen effect);
    void done_for_send(operation_id op, store_step what, instant issued, seen effect);
    void failed(operation_id op, store_step what) override;
    void broken(std::string what) override;
    void transmitting(operation_id op, bridgexapi::sms const& message) override;
    void answered(operation_id op, upstream_answer what) override;
    template <class T>
    void heard(operation_id op, std::exception_ptr const& thrown, otp::outcome<T> const& said);
    void heard_update(operation_id op, std::exception_ptr const& thrown,
                      store::result<store::update_outcome> const& said);
    void judge(operation_id op, answer said);
    void judge_send(operation_id op, answer const& said, answer& expected);
    template <class T>
    void keep_challenge(operation_id op, otp::outcome<T> const& said);

    assignment const what_;
    seeded chance_;
    rules const rules_;
    virtual_clock clock_;
    turned_clock store_clock_{clock_};
    boost::asio::io_context context_{1};
    net::single_threaded_scope const alone_{context_};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
        context_.get_executor()};
    std::unique_ptr<backend> backend_;
    gates turns_;
    int calls_inside_ = 0;
    seeded_bytes bytes_;
    telemetry::logger log_;
    otp::event_waiters event_waiters_{context_.get_executor(), 16};
    simulated_upstream upstream_;
    model model_;
    audit audit_;
    history history_;
    std::string divergence_;
    bool remembers_writes_ = false;
    bool is_model_right_; ///< false with a server's own clock, and once a server has lost writes
    std::deque<operation> operations_;
    std::vector<operation_id> sends_;                                    ///< admitted ones
    std::unordered_map<operation_id, std::vector<operation_id>> hedges_; ///< by send
    std::vector<operation_id> hedged_;     ///< sends with a second message
    std::vector<operation_id> keyed_;      ///< sends with an idempotency key
    std::vector<operation_id> challenged_; ///< sends that were refused with a challenge
    std::optional<report> last_report_;
    ids by_id_;
    std::uint32_t begun_ = 0; ///< operations, as the assignment counts them
    std::array<instance, instances> instances_;
};

} // namespace otpd::simulation
