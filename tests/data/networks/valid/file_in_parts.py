from torch.nn import BatchNorm2d, Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential

stem = Sequential(Conv2d(3, 8, 3, padding=1), BatchNorm2d(8), ReLU())
pool = MaxPool2d(2)
head = Sequential(Flatten(), Linear(8 * 4 * 4, 5))
net = Sequential(stem, pool, Conv2d(8, 8, 3, padding=1), pool, head)
