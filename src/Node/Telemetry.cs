using System.Diagnostics;
using FitCluster.Models;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace FitCluster.Node;

/// <summary>OpenTelemetry metrics and traces, by its usual environment variables; nothing is made or sent without an endpoint.</summary>
internal sealed class Telemetry : IDisposable
{
    /// <summary>The spans of this program; the engine has a source of the same name.</summary>
    public static readonly ActivitySource Source = new(Name);

    private const string Name = "FitCluster";
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private readonly MeterProvider? _metrics;
    private readonly TracerProvider? _traces;

    private Telemetry(MeterProvider? metrics, TracerProvider? traces) => (_metrics, _traces) = (metrics, traces);

    /// <exception cref="ProblemException">A variable asks for what there is not.</exception>
    public static Telemetry Start(string node)
    {
        void Describe(ResourceBuilder resource) =>
            resource.AddService("fitcluster-node", serviceInstanceId: node).AddEnvironmentVariableDetector();
        return new Telemetry(
            IsWanted("METRICS")
                ? Sdk.CreateMeterProviderBuilder().ConfigureResource(Describe).AddMeter(Name, "System.Runtime").AddOtlpExporter().Build()
                : null,
            IsWanted("TRACES")
                ? Sdk.CreateTracerProviderBuilder().ConfigureResource(Describe).AddSource(Name).AddOtlpExporter().Build()
                : null);
    }

    /// <summary>Sends what was not sent yet.</summary>
    public void Dispose()
    {
        _metrics?.Dispose();
        _traces?.Dispose();
    }

    private static bool IsWanted(string signal)
    {
        var exporter = Get($"OTEL_{signal}_EXPORTER");
        if (exporter is not ("" or "otlp" or "none"))
        {
            throw ProblemException.BadInput($"OTEL_{signal}_EXPORTER is '{exporter}'; this program has otlp and none");
        }

        return exporter != "none" && !Get("OTEL_SDK_DISABLED").Equals("true", StringComparison.OrdinalIgnoreCase) &&
            (Get(Endpoint).Length > 0 || Get($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT").Length > 0);
    }

    private static string Get(string variable) => Environment.GetEnvironmentVariable(variable) ?? "";
}
