using System.Diagnostics.Metrics;

namespace FitCluster.Workers;

/// <summary>Counts of local steps, for whoever listens to the meter "FitCluster".</summary>
internal static class WorkMeters
{
    private static readonly Meter Meter = new("FitCluster");
    private static readonly Counter<long> Rows = Meter.CreateCounter<long>("fitcluster.rows", "{row}", "Rows that local steps went over");

    public static void Ran(long rows) => Rows.Add(rows);
}
