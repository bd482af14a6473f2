// A loop whose steps end by a call back.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"

namespace cairn::namenode {

// Runs a step again and again for as long as it asks for another one, in which a step that is done
// at once costs no stack. A step must call `next` exactly once, on any thread, as the last thing
// that it does; the loop lives until then.
class Repeat : public std::enable_shared_from_this<Repeat> {
 public:
  using Next = absl::AnyInvocable<void(bool again)>;
  using Step = std::function<void(Next next)>;

  static void Start(Step step) { std::make_shared<Repeat>(std::move(step))->Drive(); }
  explicit Repeat(Step step) : step_(std::move(step)) {}

 private:
  void Drive() {
    do {
      halves_ = 0;
      step_([self = shared_from_this()](bool again) {
        self->again_ = again;
        if (self->halves_.fetch_add(1) == 1 && again) self->Drive();
      });
    } while (halves_.fetch_add(1) == 1 && again_);
  }

  const Step step_;
  // Of a step: it has returned, and it has called back. Whoever is second goes on.
  std::atomic<int> halves_ = 0;
  bool again_ = false;
};

}  // namespace cairn::namenode
