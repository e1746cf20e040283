/** Something about the machine that a person can put right: what happened, one fix, and the evidence. */
export class SetupProblem extends Error {
  /**
   * @param {string} message
   * @param {{ fix: string, evidence?: string }} details
   */
  constructor(message, { fix, evidence = "" }) {
    super(message);
    this.fix = fix;
    this.evidence = evidence;
  }
}
