#ifndef RAMPART_SINKS_EVIDENCE_HPP
#define RAMPART_SINKS_EVIDENCE_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "rampart/core/conversation.hpp"
#include "rampart/json/convert.hpp"
#include "rampart/json/write.hpp"
#include "rampart/session/record.hpp"
#include "rampart/sinks/words.hpp"

/// \file
/// What a result shows, for people: its verdict and, for a transcript, the conversation, in the order in which it went.

namespace rampart::inline v1 {

/// What a piece of evidence is.
enum class evidence_kind : unsigned char {
    verdict,  ///< the status, and the summary
    about,    ///< harm category, strategy, metadata, observability, injections
    turn,     ///< a new turn begins; `name` is its number
    prompt,
    attachment,
    driver,  ///< why the attacker went on as it did
    tool_call,
    tool_result,
    side_effect,
    response,
    evaluation,
};

/// A piece of what a result shows. It points into the result, or lives as long as the call that gives it.
struct evidence_piece {
    evidence_kind kind = evidence_kind::about;
    std::string_view label{};  ///< ours: `prompt`, `tool call`, or the status
    std::string_view name{};   ///< foreign: of the tool, the surface, the attachment; often empty
    std::string_view words{};  ///< foreign
};

/// Gives `f(evidence_piece const&)` every piece that there is, until it returns false.
template <Result R, class F>
void for_each_evidence(basic_record<R> const& r, F f) {
    using kind = evidence_kind;
    auto const status = to_string(result_traits<R>::status(r.value));
    bool go_on = f(evidence_piece{kind::verdict, status, {}, std::string_view(result_traits<R>::summary(r.value))});
    auto const piece = [&](kind k, std::string_view label, std::string_view words, std::string_view name = {}) {
        if (go_on && !words.empty()) go_on = f(evidence_piece{k, label, name, words});
    };
    piece(kind::about, "harm category", r.harm_category);
    piece(kind::about, "strategy", strategy_of(r.value));
    if (auto const meta = metadata_of(r.value); !meta.empty()) piece(kind::about, "metadata", to_compact_json(meta));
    transcript const* const seen = transcript_of(r.value);
    if (seen == nullptr) return;
    piece(kind::about, "seen", to_string(seen->observability));
    for (injection_record const& i : seen->injections) {
        piece(kind::about, "injected into", i.payload_id.value_or("(no id)"), i.surface_name);
    }
    for (turn const& t : seen->turns) {
        if (!go_on) return;
        auto const number = std::to_string(t.turn_number);
        go_on = f(evidence_piece{kind::turn, "turn", number, {}});
        if (t.request.prompt) piece(kind::prompt, "prompt", *t.request.prompt);
        for (payload const& p : t.request.attachments) piece(kind::attachment, "attachment", p.content, p.id);
        piece(kind::driver, "driver", t.driver_reasoning);
        for (tool_call const& call : t.response.tool_calls) {
            if (!go_on) return;
            piece(kind::tool_call, "tool call", to_compact_json(call.arguments), call.name);
            if (call.result) piece(kind::tool_result, "tool result", *call.result);
        }
        for (side_effect const& effect : t.response.side_effects) {
            if (!go_on) return;
            piece(kind::side_effect, "side effect", to_compact_json(effect.details), effect.kind);
        }
        piece(kind::response, "response", t.response.text);
        if (t.evaluation) {
            piece(kind::evaluation, "evaluation",
                  std::string(to_string(t.evaluation->outcome)) + ", " + detail::fixed(t.evaluation->confidence, 3) +
                      ": " + t.evaluation->rationale);
        }
    }
}

/// How much of one piece, and of all of a result, the reports for people show; the JSON report has everything.
inline constexpr std::size_t most_of_a_piece = 4000;
inline constexpr std::size_t most_of_a_result = 200'000;  ///< of all pieces of a result

/// The pieces as lines. Foreign text; each piece is clipped, and the whole too, with a word where the rest is.
template <Result R>
[[nodiscard]] std::string evidence_text(basic_record<R> const& r) {
    using detail::clip_for_report;
    std::string text;
    for_each_evidence(r, [&text](evidence_piece const& piece) {
        if (text.size() > most_of_a_result) {
            text += "(clipped here; the JSON report has the rest)\n";
            return false;
        }
        text += piece.kind == evidence_kind::turn ? "--- turn" : piece.label;
        if (!piece.name.empty()) text += ' ' + clip_for_report(piece.name, most_of_a_piece);
        if (!piece.words.empty()) text += ": " + clip_for_report(piece.words, most_of_a_piece);
        text += '\n';
        return true;
    });
    return text;
}

}  // namespace rampart::inline v1

#endif  // RAMPART_SINKS_EVIDENCE_HPP
