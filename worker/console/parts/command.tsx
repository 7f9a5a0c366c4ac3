// A line for the terminal that does what a form does, ready to copy.

export function CommandLine({ children, label = 'The same by command line' }: { children: string; label?: string }) {
  return (
    <div class="command" data-copy>
      <p class="quiet">{label}</p>
      <pre>{children}</pre>
    </div>
  );
}
