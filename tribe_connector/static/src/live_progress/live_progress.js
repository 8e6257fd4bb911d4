import { browser } from "@web/core/browser/browser";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { Component, useEffect, useState } from "@odoo/owl";

const FIELDS = ["is_working", "progress_percent", "progress_text"];
const MILLISECONDS_BETWEEN_LOOKS = 2000;

/** The bar of a connection that is at work; looks again every other second while it is. */
export class LiveProgress extends Component {
    static template = "tribe_connector.LiveProgress";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ read: {} });
        useEffect(
            (isWorking) => {
                if (!isWorking) {
                    return;
                }
                const timer = browser.setInterval(() => this.look(), MILLISECONDS_BETWEEN_LOOKS);
                return () => browser.clearInterval(timer);
            },
            () => [this.props.record.data.is_working]
        );
    }

    get percent() {
        return Math.round(this.value("progress_percent"));
    }

    get text() {
        return this.value("progress_text") || "";
    }

    value(name) {
        return name in this.state.read ? this.state.read[name] : this.props.record.data[name];
    }

    async look() {
        const { record } = this.props;
        if (this.isLooking || document.hidden) {
            return;
        }
        this.isLooking = true;
        try {
            const [read] = await this.orm.silent.read(record.resModel, [record.resId], FIELDS);
            this.state.read = read;
            // What somebody is typing is never thrown away.
            if (!read.is_working && !(await record.isDirty())) {
                await record.load();
                this.state.read = {};
            }
        } catch (error) {
            // The next look tries again.
            if (!(error instanceof ConnectionLostError)) {
                throw error;
            }
        } finally {
            this.isLooking = false;
        }
    }
}

registry.category("view_widgets").add("tribe_live_progress", {
    component: LiveProgress,
    fieldDependencies: [
        { name: "is_working", type: "boolean" },
        { name: "progress_percent", type: "float" },
        { name: "progress_text", type: "char" },
    ],
});
