import { useRef } from 'react';

type Field = Readonly<{ focus: () => void }>;

/** Puts the hand into a line's first field, also when the line is not on the page yet. */
export type LineFocus = Readonly<{
  focusOn: (key: string) => void;
  fieldOf: (key: string, field: Field | null) => void;
}>;

export function useLineFocus(): LineFocus {
  const fields = useRef(new Map<string, Field>());
  const wanted = useRef<string | null>(null);
  return {
    focusOn: (key) => {
      const field = fields.current.get(key);
      wanted.current = field === undefined ? key : null;
      field?.focus();
    },
    fieldOf: (key, field) => {
      if (field === null) {
        fields.current.delete(key);
        return;
      }
      fields.current.set(key, field);
      if (wanted.current !== key) return;
      wanted.current = null;
      field.focus();
    },
  };
}
