/** The name of a section, one line on what it does, and what stands at its right. */
export function SectionHead({
  title,
  children,
  right,
}: Readonly<{ title: string; children?: React.ReactNode; right?: React.ReactNode }>): React.JSX.Element {
  return (
    <div className="section-head">
      <h2>{title}</h2>
      <p>{children}</p>
      <span className="grow" />
      {right}
    </div>
  );
}

/** Name and spec of an item with its code below, as every list of the back office shows it. */
export function ItemName({
  name,
  spec,
  code,
}: Readonly<{ name: string; spec: string; code: string }>): React.JSX.Element {
  return (
    <>
      <b>{name}</b> <span className="muted">{spec}</span>
      <div className="small muted">{code}</div>
    </>
  );
}
