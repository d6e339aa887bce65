using System.Diagnostics.Metrics;

namespace FitCluster.Engine;

/// <summary>Counts of messages, for whoever listens to the meter "FitCluster".</summary>
internal static class ClusterMeters
{
    private static readonly Meter Meter = new("FitCluster");

    private static readonly Counter<long> MessagesSent =
        Meter.CreateCounter<long>("fitcluster.messages.sent", "{message}", "Messages sent through the cluster");

    private static readonly Counter<long> BytesSent =
        Meter.CreateCounter<long>("fitcluster.messages.sent.bytes", "By", "Bytes of the messages sent through the cluster");

    private static readonly Counter<long> MessagesReceived =
        Meter.CreateCounter<long>("fitcluster.messages.received", "{message}", "Messages received through the cluster");

    private static readonly Counter<long> BytesReceived =
        Meter.CreateCounter<long>("fitcluster.messages.received.bytes", "By", "Bytes of the messages received through the cluster");

    public static void Sent(long bytes)
    {
        MessagesSent.Add(1);
        BytesSent.Add(bytes);
    }

    public static void Received(long bytes)
    {
        MessagesReceived.Add(1);
        BytesReceived.Add(bytes);
    }
}
