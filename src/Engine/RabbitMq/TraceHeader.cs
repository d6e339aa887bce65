using System.Diagnostics;
using System.Text;
using RabbitMQ.Client;

namespace FitCluster.Engine;

/// <summary>
/// The header "traceparent" (W3C Trace Context) of the broker's messages, by which the spans of several nodes join in one trace.
/// </summary>
internal static class TraceHeader
{
    private const string Name = "traceparent";
    private const int Length = 55;

    public static void Write(BasicProperties properties, ActivityContext context)
    {
        if (context.SpanId != default)
        {
            properties.Headers = new Dictionary<string, object?>
            {
                [Name] = $"00-{context.TraceId}-{context.SpanId}-{(byte)context.TraceFlags:x2}",
            };
        }
    }

    /// <summary>What a message came from; nothing when it says nothing, or nonsense.</summary>
    public static ActivityContext Read(IReadOnlyBasicProperties properties) =>
        properties.Headers is { } headers && headers.TryGetValue(Name, out var value) && value is byte[] { Length: Length } bytes &&
        ActivityContext.TryParse(Encoding.ASCII.GetString(bytes), null, isRemote: true, out var context)
            ? context
            : default;
}
