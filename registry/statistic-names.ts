// The statistics that drift is judged by. Apart from the schemas of the API, which the Worker loads only to describe itself.
export const statisticNames = ['psi', 'jensenShannon', 'missing', 'outside'] as const;

export type StatisticName = (typeof statisticNames)[number];
