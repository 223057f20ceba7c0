/** How far an import is. */
export interface ImportCounts {
  /** Of the input: whole lines that are done. */
  bytes: number;
  consultations: number;
  eventsWritten: number;
  eventsPresent: number;
}
