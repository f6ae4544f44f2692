/** The last moment of a day in UTC, to the microsecond as the database keeps it: what was counted of the day is what is listed. */
export function endOfDay(day: string): string {
  return `${day}T23:59:59.999999Z`;
}
