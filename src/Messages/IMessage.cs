namespace FitCluster.Messages;

/// <summary>
/// A message between actors: an immutable record. Each type has a tag and a layout in <c>MessageCodec</c>; nothing is ever
/// deserialized by type name. A message may be lost, repeated, late or reordered: the numbers in it
/// (job, attempt, round) say what it is good for.
/// </summary>
public interface IMessage;
