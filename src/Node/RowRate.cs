using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace FitCluster.Node;

/// <summary>Rows of local steps per second, lately: listens to what the workers count.</summary>
internal sealed class RowRate : IDisposable
{
    private readonly MeterListener _listener = new();
    private long _rows;
    private long _since = Stopwatch.GetTimestamp();

    public RowRate()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "FitCluster" && instrument.Name == "fitcluster.rows")
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, rows, _, _) => Interlocked.Add(ref _rows, rows));
        _listener.Start();
    }

    /// <summary>The rate since this was asked before.</summary>
    public double PerSecond()
    {
        var now = Stopwatch.GetTimestamp();
        var seconds = Stopwatch.GetElapsedTime(_since, now).TotalSeconds;
        _since = now;
        return Interlocked.Exchange(ref _rows, 0) / double.Max(seconds, 1e-3);
    }

    public void Dispose() => _listener.Dispose();
}
