using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace FitCluster.Cli.Cluster;

/// <summary>OpenTelemetry, by its usual environment variables; nothing is sent without them.</summary>
internal sealed class Telemetry : IDisposable
{
    private static readonly string[] Variables = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"];

    private readonly MeterProvider? _metrics;

    private Telemetry(MeterProvider? metrics) => _metrics = metrics;

    public static Telemetry Start(string node)
    {
        var isWanted = Variables.Any(v => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(v))) &&
            !string.Equals(Environment.GetEnvironmentVariable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);
        return new Telemetry(isWanted
            ? Sdk.CreateMeterProviderBuilder()
                .ConfigureResource(resource => resource.AddService("fitcluster-node", serviceInstanceId: node).AddEnvironmentVariableDetector())
                .AddMeter("FitCluster", "System.Runtime")
                .AddOtlpExporter()
                .Build()
            : null);
    }

    public void Dispose() => _metrics?.Dispose();
}
