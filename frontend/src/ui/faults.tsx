import { Button } from "@mantine/core";
import { Component, type ReactNode } from "react";
import { asProblem } from "../api/problem";
import { Empty } from "./states";

/** Keeps a page's own fault to that page: navigation goes on working. */
export class Faults extends Component<{ children: ReactNode }, { fault: unknown; at: string }> {
  override state = { fault: null as unknown, at: "" };

  static getDerivedStateFromError(fault: unknown) {
    return { fault, at: window.location.pathname };
  }

  override componentDidUpdate() {
    if (this.state.fault && this.state.at !== window.location.pathname) this.setState({ fault: null });
  }

  override render() {
    if (!this.state.fault) return this.props.children;
    return (
      <Empty
        title="This page failed to show"
        action={<Button onClick={() => window.location.reload()}>Load it again</Button>}
      >
        {asProblem(this.state.fault).detail} Nothing was changed on the server.
      </Empty>
    );
  }
}
