// The modes of the terminal (echo, whole lines), which belong to the shell.
import { closeSync, fstatSync } from 'node:fs'

const STANDARD_DESCRIPTORS = [0, 1, 2]

/**
 * Leaves the terminal's modes as they are; for the last moment of the process. Node saves the modes
 * when it starts, perhaps while a shell's line editor or a pager has changed them, and restores them
 * when it ends: but only in descriptors that are open. So this closes those that may be terminals.
 */
export function leaveTerminalModesAlone(): void {
  for (const descriptor of STANDARD_DESCRIPTORS) {
    try {
      if (fstatSync(descriptor).isCharacterDevice()) closeSync(descriptor)
    } catch {
      // It is closed already.
    }
  }
}
