#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace otpd::simulation {

/// Runs the context until the operation is done. Other operations may continue meanwhile.
template <class T>
T wait_for(boost::asio::io_context& context, boost::asio::awaitable<T> operation) {
    std::optional<T> result;
    std::exception_ptr failure;
    bool done = false;
    boost::asio::co_spawn(context, std::move(operation), [&](std::exception_ptr thrown, T value) {
        failure = thrown;
        if (!thrown) result = std::move(value);
        done = true;
    });
    while (!done)
        if (context.run_one() == 0)
            throw std::logic_error("nothing is left that could end the operation");
    if (failure) std::rethrow_exception(failure);
    return *std::move(result);
}

} // namespace otpd::simulation
