import { browser } from "@web/core/browser/browser";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { ControllerNotFoundError } from "@web/webclient/actions/action_service";

const MILLISECONDS_BETWEEN_LOOKS = 700;
// Some 20 seconds.
const LOOKS = 28;
const MILLISECONDS_TO_READ = 10000;

/** Look again and again, until what was asked for is done or failed, or takes too long. */
async function outcomeOf(env, watched) {
    let outcome;
    for (let look = 0; look < LOOKS && !outcome?.is_final; look++) {
        await new Promise((resolve) => browser.setTimeout(resolve, MILLISECONDS_BETWEEN_LOOKS));
        try {
            outcome = await env.services.orm.silent.call("tribe.work", "look_at_outcome", [], {
                added_ids: watched.added_ids,
                subjects: watched.subjects,
            });
        } catch (error) {
            // The next look tries again.
            if (!(error instanceof ConnectionLostError)) {
                throw error;
            }
        }
    }
    return outcome;
}

function tell(env, { message, level, button }) {
    const buttons = button
        ? [
              {
                  name: button.name,
                  primary: true,
                  onClick: () => {
                      close();
                      env.services.action.doAction(button.action);
                  },
              },
          ]
        : [];
    const close = env.services.notification.add(message, {
        type: level,
        autocloseDelay: MILLISECONDS_TO_READ,
        buttons,
    });
}

/**
 * What a button returns that changes what is on the screen: tell what came of it, and show what is
 * there now. Meanwhile the buttons are disabled, as those of every action that is not over.
 */
async function showOutcome(env, { params }) {
    const { action } = env.services;
    const asked = action.currentController?.jsId;
    const outcome = params.outcome || (await outcomeOf(env, params.watched));
    if (outcome) {
        tell(env, outcome);
    }
    // Who went somewhere else meanwhile stays there.
    if (action.currentController?.jsId !== asked) {
        return;
    }
    if (params.is_left && action.currentController.view?.type === "form") {
        return backToList(action);
    }
    return { type: "ir.actions.act_window_close" };
}

async function backToList(action) {
    try {
        await action.restore();
    } catch (error) {
        if (!(error instanceof ControllerNotFoundError)) {
            throw error;
        }
        // Nothing was there before this form.
        await action.doAction(action.currentController.action.id, { clearBreadcrumbs: true });
    }
}

registry.category("actions").add("tribe_outcome", showOutcome);
